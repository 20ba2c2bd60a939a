/**
 * What runs the commands of a login: a shell of the Bourne family, fish, one of the csh family (tcsh), another
 * one on a POSIX system, or nothing of the kind that Hostrun could ask (a router, Windows, a forced command).
 */
export type LoginShell = "bourne" | "fish" | "csh" | "other" | "none";

/** Where what was learned of a login's shell is kept; `key` names who and where. */
export interface ShellMemory {
  get(key: string): LoginShell | undefined;
  set(key: string, shell: LoginShell): void;
  forget(key: string): void;
}
