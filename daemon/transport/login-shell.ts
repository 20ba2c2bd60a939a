/**
 * What runs a login's commands: a shell of the Bourne family, fish, one of the csh family (tcsh), another one on a POSIX
 * system, or none that Hostrun could query (a router, Windows, a forced command).
 */
export type LoginShell = "bourne" | "fish" | "csh" | "other" | "none";

/** Stores what was learned about a login's shell; `key` identifies the login and the host. */
export interface ShellMemory {
  get(key: string): LoginShell | undefined;
  set(key: string, shell: LoginShell): void;
  forget(key: string): void;
}
