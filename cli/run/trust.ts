import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { ReadStream, WriteStream } from "node:tty";
import type { Daemon } from "../../client/daemon.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import type { OfferedKey } from "./offered-key.ts";

/**
 * Asks on the terminal whether the key is the host's; on yes it is recorded. False when it is not trusted,
 * undefined when there is no terminal to ask on.
 */
export async function askToTrust(daemon: Daemon, offered: OfferedKey): Promise<boolean | undefined> {
  const trusted = await ask(offered);
  if (trusted !== true) return trusted;
  const { address, port, key } = offered;
  await daemon.call("addKnownHost", { body: { address, port, key } });
  return true;
}

/** What to do where nobody can be asked. */
export function explainTrust({ address, port, key, fingerprint }: OfferedKey): void {
  warn(
    `Compare ${fingerprint} with what the host's administrator says, then trust it with:`,
    `  hostrun known-hosts add ${address.includes(":") ? `[${address}]` : address}:${port} ${key}`,
  );
}

async function ask(offered: OfferedKey): Promise<boolean | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
  const { input, output } = terminal;
  const lines = createInterface({ input, output, terminal: false });
  try {
    output.write(question(offered));
    for await (const line of lines) {
      const answer = line.trim();
      if (answer === "yes" || answer === offered.fingerprint) return true;
      if (answer === "no") return false;
      output.write("Please type yes, no, or the fingerprint: ");
    }
    return false;
  } finally {
    lines.close();
    input.destroy();
    output.destroy();
  }
}

function question({ host, hop, keyType, fingerprint }: OfferedKey): string {
  const where = host === hop ? "" : ` (${visible(hop)})`;
  return (
    `The key of ${visible(host)}${where} is not known yet.\n` +
    `${visible(keyType)} key, fingerprint ${visible(fingerprint)}\n` +
    "Trust this key? [yes/no/fingerprint] "
  );
}

/** The terminal itself, as ssh uses it, also when the standard streams are redirected. */
function openTerminal(): { input: ReadStream; output: WriteStream } | undefined {
  const opened: number[] = [];
  try {
    for (const flags of ["r", "w"]) opened.push(openSync("/dev/tty", flags));
    const [input, output] = opened;
    if (input === undefined || output === undefined) return undefined;
    return { input: new ReadStream(input), output: new WriteStream(output) };
  } catch {
    for (const file of opened) closeSync(file);
    return undefined;
  }
}
