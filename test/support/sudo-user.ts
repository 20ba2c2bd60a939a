import { rm, writeFile } from "node:fs/promises";
import { openPasswordUser } from "./password-user.ts";
import { openUnixUser, type UnixUser, type UnixUserOptions } from "./unix-user.ts";

export interface SudoUserOptions extends UnixUserOptions {
  /** By default the account has none that could be typed. */
  readonly password?: string;
  /** What the account may do, by sudoers(5); by default all, with its password. "": it is not in the file. */
  readonly may?: string;
  /** For Defaults of this account, e.g. "requiretty". */
  readonly defaults?: string;
}

/** An account that may use sudo; needs root. What the machine's sudoers has of it is removed with it. */
export async function openSudoUser({
  password,
  may = "ALL=(ALL:ALL) ALL",
  defaults,
  ...options
}: SudoUserOptions = {}): Promise<UnixUser> {
  await using stack = new AsyncDisposableStack();
  const opened = password === undefined ? openUnixUser(options) : openPasswordUser(password, options);
  const user = stack.use(await opened);
  // sudo reads no file with a dot in its name: it is there as a whole, or not at all.
  const path = `/etc/sudoers.d/${user.name}`;
  const lines = [
    ...(defaults === undefined ? [] : [`Defaults:${user.name} ${defaults}`]),
    ...(may === "" ? [] : [`${user.name} ${may}`]),
  ];
  stack.defer(() => rm(path, { force: true }));
  await writeFile(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o440 });
  const owned = stack.move();
  return { ...user, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
