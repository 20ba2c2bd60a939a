import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openUnixUser, type UnixUser } from "./unix-user.ts";

/** An account with a password; needs root. */
export async function openPasswordUser(password: string): Promise<UnixUser> {
  const user = await openUnixUser();
  const setting = promisify(execFile)("chpasswd", ["--crypt-method", "SHA512", "--sha-rounds", "1000"]);
  setting.child.stdin?.end(`${user.name}:${password}\n`);
  await setting;
  return user;
}
