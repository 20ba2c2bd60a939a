import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface UnixUserOptions {
  /** The login shell; by default bash. */
  readonly shell?: string;
  /** Another name for root: a login by it has the user id 0. */
  readonly root?: boolean;
}

/** An account of this machine, ordinary unless asked otherwise: servers treat root's sessions differently (signals!). */
export interface UnixUser extends AsyncDisposable {
  readonly name: string;
  readonly home: string;
  readonly uid: number;
  readonly gid: number;
}

/** Creates the account, with a home directory; needs root. It is deleted with its owner. */
export async function openUnixUser({
  shell = "/bin/bash",
  root = false,
}: UnixUserOptions = {}): Promise<UnixUser> {
  const name = `hostrun${randomBytes(4).toString("hex")}`;
  const id = root ? ["--non-unique", "--uid", "0"] : [];
  // "*" is no password that could be typed, and yet not a locked account, which sshd refuses without PAM.
  // After tests that were ended in the middle, the comment shows which accounts were theirs.
  const owner = ["--comment", tmpdir()];
  await run("useradd", ["--create-home", "--shell", shell, "--password", "*", ...owner, ...id, name]);
  const [uid = 0, gid = 0] = (await run("getent", ["passwd", name])).stdout
    .split(":")
    .slice(2, 4)
    .map(Number);
  // An account of tests that were interrupted may have had the same number.
  const durableRuns = `/var/tmp/hostrun-${uid}`;
  if (!root) await rm(durableRuns, { recursive: true, force: true });
  return {
    name,
    home: `/home/${name}`,
    uid,
    gid,
    async [Symbol.asyncDispose]() {
      if (!root) await rm(durableRuns, { recursive: true, force: true });
      await run("userdel", ["--remove", "--force", name]).catch((failure: unknown) => {
        // 12: the home directory could not be removed wholly; the account itself is gone.
        if (!(failure instanceof Error && "code" in failure && failure.code === 12)) throw failure;
      });
    },
  };
}
