import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openUnixUser, type UnixUser, type UnixUserOptions } from "./unix-user.ts";

/** An account with a password; needs root. */
export async function openPasswordUser(password: string, options: UnixUserOptions = {}): Promise<UnixUser> {
  const user = await openUnixUser(options);
  const setting = promisify(execFile)("chpasswd", ["--crypt-method", "SHA512", "--sha-rounds", "1000"]);
  setting.child.stdin?.end(`${user.name}:${password}\n`);
  await setting;
  return user;
}
