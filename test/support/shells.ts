import { symlink } from "node:fs/promises";
import { type Directory, openDirectory } from "./directory.ts";

/** Login shells that Hostrun is to get on with, by the name that they are called by. */
export const shellNames = ["dash", "bash", "ash", "zsh", "fish", "tcsh"] as const;
/** Two more of the Bourne family, for what depends on a shell's language. */
export const allShellNames = [...shellNames, "ksh", "mksh"] as const;
export type ShellName = (typeof allShellNames)[number];

/** Their paths: Debian has them all, but for busybox's ash under that name. */
export interface Shells extends AsyncDisposable {
  path(name: ShellName): string;
}

export async function openShells(): Promise<Shells> {
  const directory: Directory = await openDirectory({ readable: true });
  await symlink("/bin/busybox", directory.join("ash"));
  return {
    path: (name) => (name === "ash" ? directory.join("ash") : `/usr/bin/${name}`),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
