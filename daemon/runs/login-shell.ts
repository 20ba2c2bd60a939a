/**
 * What runs the commands of a login: a shell of the Bourne family, another one on a POSIX system (fish, tcsh), or
 * nothing of the kind that Hostrun could ask (a router, Windows, a forced command).
 */
export type LoginShell = "bourne" | "other" | "none";

/** Every shell there is reads this the same way, and says which one it is. */
export const shellQuestion = `/bin/sh -c 'echo "hostrun-shell:$SHELL:"'`;

/** Reads the answer to `shellQuestion`; start files may have said something before it. */
export function parseShellAnswer(output: string): LoginShell {
  const path = /hostrun-shell:([^:\n]*):/.exec(output)?.[1];
  if (path === undefined) return "none";
  return bourne.has(path.slice(path.lastIndexOf("/") + 1)) ? "bourne" : "other";
}

const bourne = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"]);

/** Where what was learned of a login's shell is kept; `key` names who and where. */
export interface ShellMemory {
  get(key: string): LoginShell | undefined;
  set(key: string, shell: LoginShell): void;
  forget(key: string): void;
}
