import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";

const run = promisify(execFile);

/** An ordinary account of this machine: servers treat root's sessions differently (signals!). */
export interface UnixUser extends AsyncDisposable {
  readonly name: string;
  readonly home: string;
}

/** Creates the account, with a home directory and bash; needs root. It is deleted with its owner. */
export async function openUnixUser(): Promise<UnixUser> {
  const name = `hostrun${randomBytes(4).toString("hex")}`;
  // "*" is no password that could be typed, and yet not a locked account, which sshd refuses without PAM.
  await run("useradd", ["--create-home", "--shell", "/bin/bash", "--password", "*", name]);
  return {
    name,
    home: `/home/${name}`,
    async [Symbol.asyncDispose]() {
      await run("userdel", ["--remove", "--force", name]).catch((failure: unknown) => {
        // 12: the home directory could not be removed wholly; the account itself is gone.
        if (!(failure instanceof Error && "code" in failure && failure.code === 12)) throw failure;
      });
    },
  };
}
