import type { Daemon } from "../../client/daemon.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import type { OfferedKey } from "./offered-key.ts";
import { askOnTerminal, yesOrNo } from "./terminal-question.ts";

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

function ask(offered: OfferedKey): Promise<boolean | undefined> {
  return askOnTerminal({
    question: question(offered),
    again: "Please type yes, no, or the fingerprint: ",
    judge: (answer) => (answer === offered.fingerprint ? true : yesOrNo(answer)),
  });
}

function question({ host, hop, keyType, fingerprint }: OfferedKey): string {
  const where = host === hop ? "" : ` (${visible(hop)})`;
  return (
    `The key of ${visible(host)}${where} is not known yet.\n` +
    `${visible(keyType)} key, fingerprint ${visible(fingerprint)}\n` +
    "Trust this key? [yes/no/fingerprint] "
  );
}
