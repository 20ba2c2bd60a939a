import { parseJump } from "../../protocol/destination.ts";
import type { KnownHost } from "../../protocol/known-host.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command, CommandGroup } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp } from "../format.ts";
import { listing } from "../listing.ts";
import { table } from "../table.ts";

const list = listing({
  help: `List the host keys on record: Hostrun's own, and those of the known_hosts files that it only reads.

Usage: hostrun known-hosts [list] [OPTION...]

${formatHelp}`,
  read: (daemon) => daemon.call("listKnownHosts"),
  none: "No host keys are on record.",
  text: (items) => table(["ADDRESS", "TYPE", "FINGERPRINT", "NOTES"], items.map(rowOf)),
});

const add: Command = {
  help: `Trust a host key.

Usage: hostrun known-hosts add ADDRESS[:PORT] [TYPE] KEY

KEY is the public key in base64, as in ~/.ssh/known_hosts.
`,
  async run(args) {
    const { positionals } = parseOptions(args, {});
    const [text, second, third] = takeWords(positionals, "ADDRESS", "KEY", "KEY?");
    if (third !== undefined) checkType(second, third);
    const { address, port } = parseAddress(text);
    await using daemon = await reachDaemon();
    const known = await daemon.call("addKnownHost", {
      body: { address, port: port ?? 22, key: third ?? second },
    });
    print(`Trusted ${visible(known.fingerprint)} (${visible(known.keyType)}) for ${visible(text)}.\n`);
    return 0;
  },
};

const remove: Command = {
  help: `Forget the host keys of an address that Hostrun recorded itself.

Usage: hostrun known-hosts remove ADDRESS[:PORT]
`,
  async run(args) {
    const [text] = takeWords(parseOptions(args, {}).positionals, "ADDRESS");
    const { address, port } = parseAddress(text);
    await using daemon = await reachDaemon();
    await daemon.call("deleteKnownHosts", {
      query: { address, ...(port === undefined ? {} : { port: String(port) }) },
    });
    print(`Forgot the host keys of ${visible(text)}.\n`);
    return 0;
  },
};

export const command: CommandGroup = {
  help: `List the host keys on record, and add and remove those that Hostrun recorded itself.

Usage: hostrun known-hosts [list]
       hostrun known-hosts add ADDRESS[:PORT] [TYPE] KEY
       hostrun known-hosts remove ADDRESS[:PORT]

KEY is the public key in base64, as in ~/.ssh/known_hosts, which Hostrun reads as well
but never changes.
`,
  subcommands: { list, add, remove },
};

const markers = { revoked: "revoked", certAuthority: "authority" } as const;

function rowOf({ address, port, keyType, fingerprint, marker, readOnly, file, line }: KnownHost): string[] {
  const notes = [...(marker === null ? [] : [markers[marker]]), ...(readOnly ? [`${file}:${line}`] : [])];
  const name = address.startsWith("|") ? "(hashed)" : formatAddress(address, port);
  return [name, keyType, fingerprint, notes.join(", ")];
}

/** A key blob contains its own type (RFC 4253, section 6.6). */
function checkType(type: string, key: string): void {
  const bytes = Buffer.from(key, "base64");
  const length = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  const own = bytes.toString("latin1", 4, 4 + length);
  if (own !== type)
    throw new UsageError(`The type is "${type}", but the key is ${own === "" ? "none" : `of "${own}"`}.`);
}

function parseAddress(text: string): { address: string; port: number | undefined } {
  const parsed = parseJump(text);
  if (parsed === undefined || parsed.user !== undefined) {
    throw new UsageError(`"${text}" must be an address: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT.`);
  }
  return { address: parsed.host, port: parsed.port };
}

function formatAddress(address: string, port: number): string {
  const name = /^[^[*?,]*:/.test(address) ? `[${address}]` : address;
  return port === 22 ? name : `${name}:${port}`;
}
