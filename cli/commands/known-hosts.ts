import { parseJump } from "../../protocol/host.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print, printJson, warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { choose } from "../subcommands.ts";
import { table } from "../table.ts";

export const command: Command = {
  help: `List, add and remove the host keys that Hostrun recorded itself.

Usage: hostrun known-hosts [list] [--json]
       hostrun known-hosts add ADDRESS[:PORT] [TYPE] KEY
       hostrun known-hosts remove ADDRESS[:PORT]

KEY is the public key in base64, as in ~/.ssh/known_hosts, which Hostrun reads as well
but never changes.
`,
  run: (args) => choose(args, { list, add, remove }),
};

async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, { json: { type: "boolean" } });
  takeWords(positionals);
  await using daemon = await reachDaemon();
  const { items } = await daemon.call("listKnownHosts");
  if (values.json === true) printJson(items);
  else if (items.length === 0) warn("Hostrun has recorded no host keys itself.");
  else {
    const rows = items.map(({ address, port, keyType, fingerprint }) => [
      formatAddress(address, port),
      keyType,
      fingerprint,
    ]);
    print(table(["ADDRESS", "TYPE", "FINGERPRINT"], rows));
  }
  return 0;
}

async function add(args: readonly string[]): Promise<number> {
  const { positionals } = parseOptions(args, {});
  const [text, second, third] = takeWords(positionals, "ADDRESS", "KEY", "KEY?");
  const { address, port } = parseAddress(text);
  await using daemon = await reachDaemon();
  const known = await daemon.call("addKnownHost", {
    body: { address, port: port ?? 22, key: third ?? second },
  });
  print(`Trusted ${visible(known.fingerprint)} (${visible(known.keyType)}) for ${visible(text)}.\n`);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const [text] = takeWords(parseOptions(args, {}).positionals, "ADDRESS");
  const { address, port } = parseAddress(text);
  await using daemon = await reachDaemon();
  await daemon.call("deleteKnownHosts", {
    query: { address, ...(port === undefined ? {} : { port: String(port) }) },
  });
  print(`Forgot the host keys of ${visible(text)}.\n`);
  return 0;
}

function parseAddress(text: string): { address: string; port: number | undefined } {
  const parsed = parseJump(text);
  if (parsed === undefined || parsed.user !== undefined) {
    throw new UsageError(`"${text}" must be an address: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT.`);
  }
  return { address: parsed.host, port: parsed.port };
}

function formatAddress(address: string, port: number): string {
  const name = address.includes(":") ? `[${address}]` : address;
  return port === 22 ? name : `${name}:${port}`;
}
