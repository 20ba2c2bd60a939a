import type { RemoteProcess } from "../transport/remote.ts";

const timeoutMs = 5000;

/**
 * Resolves to the path of a login shell that can have a worker; undefined if it is another shell. Rejects if the host did
 * not report its shell.
 */
export async function queryShell(
  process: RemoteProcess | undefined,
  token: string,
): Promise<string | undefined> {
  const answer = await process?.execHelper(shellQuery(token), timeoutMs);
  if (answer === undefined) throw new Error("The host did not report its shell.");
  return parseShell(token, answer.output);
}

/** Prints which program the login shell is, under which name, and whether it is the account's shell. */
export function shellQuery(token: string): string {
  return `[ "$SHELL" -ef /proc/$$/exe ] && echo ${token}:$0:$SHELL:$(readlink /proc/$$/exe):`;
}

/** The path of a login shell that can have a worker; undefined if it is another shell. */
export function parseShell(token: string, output: string): string | undefined {
  const [, name, path = "", program = ""] =
    new RegExp(`${token}:([^:\n]*):([^:\n]*):([^:\n]*):`).exec(output) ?? [];
  const isBash = name === "bash" && program.endsWith("/bash") && /^\/[\w./+-]+$/.test(path);
  return isBash ? path : undefined;
}
