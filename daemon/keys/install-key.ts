import type { Key, KeyInstallation } from "../../protocol/key.ts";
import { Problem } from "../../protocol/problem.ts";
import { shCommand } from "../runs/command/sh-command.ts";
import { hopName } from "../transport/hop-name.ts";
import type { ConnectOptions, Remote, Target } from "../transport/remote.ts";
import script from "./install-key.sh";

/** The time limit for a host, whose start files may be slow. */
const timeoutMs = 30_000;
const maxOutputBytes = 65_536;

const failures: Readonly<Record<string, string>> = {
  home: "the account's home directory cannot be entered",
  directory: "~/.ssh cannot be made there",
  file: "~/.ssh/authorized_keys cannot be written there",
};

/** Rejects like `Remote.exec`, and with `key_not_installed`. */
export async function installKey(
  key: Key,
  target: Target,
  { remote, ...options }: ConnectOptions & { readonly remote: Pick<Remote, "exec"> },
  signal: AbortSignal,
): Promise<KeyInstallation> {
  const output = await collect(target, installCommand(key), { remote, ...options }, signal);
  // Start files may print anything before it.
  const answer = [...output.matchAll(/^hostrun-key:(\w+)$/gm)].at(-1)?.[1];
  const login = hopName(target);
  if (answer === "added" || answer === "present") {
    return { host: target.name, login, fingerprint: key.fingerprint, added: answer === "added" };
  }
  const why =
    failures[answer ?? ""] ?? "the account does not run commands, or runs one of its own (ForceCommand)";
  throw new Problem(
    "key_not_installed",
    `The key ${key.fingerprint} could not be installed for ${login} on ${target.name}: ${why}. Add this line to ` +
      `~/.ssh/authorized_keys there by hand: ${key.publicKey}`,
    { host: target.name },
  );
}

/** Contains only words that `shCommand` accepts; a comment is only informative. */
export function installCommand({
  type,
  publicKey,
  comment,
}: Pick<Key, "type" | "publicKey" | "comment">): string {
  const base64 = publicKey.split(" ")[1] ?? "";
  const named = (comment ?? "hostrun").replace(/[^A-Za-z0-9/._@+-]+/g, "_").slice(0, 200);
  return shCommand(script, type, base64.replaceAll("=", "_"), named);
}

async function collect(
  target: Target,
  command: string,
  { remote, ...options }: ConnectOptions & { readonly remote: Pick<Remote, "exec"> },
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const ended = Promise.withResolvers<void>();
  const listener = {
    step: () => undefined,
    banner: () => undefined,
    stderr: () => undefined,
    stdout: (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxOutputBytes) chunks.push(Buffer.from(chunk));
      else ended.resolve();
    },
    end: () => ended.resolve(),
  };
  const process = await remote.exec(
    target,
    { ...options, command: () => command, pty: null },
    listener,
    signal,
  );
  process.stdin.end();
  const late = setTimeout(ended.resolve, timeoutMs);
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  await ended.promise;
  clearTimeout(late);
  process.close();
  return Buffer.concat(chunks).toString("latin1");
}
