import { lookup } from "node:dns/promises";
import { open } from "node:fs/promises";
import { isIP } from "node:net";
import { homedir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import * as vscode from "vscode";
import { parseJump } from "../../protocol/destination.ts";
import type { Host } from "../../protocol/host.ts";

/** Name resolution that takes longer is inconclusive. */
const maxLookupMs = 5000;
const headBytes = 4096;

/** Why an address may be wrong; undefined: it resolves here, or only a jump host could resolve it. */
export async function addressDoubt(
  hosts: readonly Host[],
  { address, jump }: Pick<Host, "address" | "jump">,
): Promise<string | undefined> {
  if (jump.length > 0 || (await isKnown(hosts, address))) return undefined;
  return vscode.l10n.t("This machine finds no address for {0}.", address);
}

/** The same for jump hosts, of which only the first is reached from here. */
export async function jumpDoubt(
  hosts: readonly Host[],
  jump: readonly string[],
): Promise<string | undefined> {
  const [first] = jump.slice(0, 1).map((text) => parseJump(text)?.host ?? text);
  if (first === undefined || (await isKnown(hosts, first))) return undefined;
  return vscode.l10n.t("There is no host named {0}, and this machine finds no address for it.", first);
}

/** What is wrong with a key file; undefined: it contains a key. */
export async function keyFileProblem(path: string): Promise<string | undefined> {
  const file = path.startsWith("~/") ? `${homedir()}${path.slice(1)}` : path;
  try {
    await using handle = await open(file);
    if (!(await handle.stat()).isFile()) return vscode.l10n.t("{0} is not a regular file", path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const head = buffer.toString("latin1", 0, bytesRead);
    // A public key file is accepted for a key in the agent.
    const isKey = /PRIVATE KEY-|^(?:ssh|ecdsa|sk)-\S+ AAAA/m.test(head);
    return isKey ? undefined : vscode.l10n.t("{0} is not an SSH key", path);
  } catch {
    return vscode.l10n.t("{0} cannot be read", path);
  }
}

async function isKnown(hosts: readonly Host[], name: string): Promise<boolean> {
  if (isIP(name) !== 0 || hosts.some((host) => host.name === name)) return true;
  const found = lookup(name).then(
    () => true,
    () => false,
  );
  return Promise.race([found, wait(maxLookupMs, true, { ref: false })]);
}
