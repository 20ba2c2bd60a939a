import { readFileSync, realpathSync } from "node:fs";
import { userInfo } from "node:os";

/** The effective user of this process; undefined if files have no owner (Windows). */
export function ownUid(): number | undefined {
  return process.geteuid?.();
}

/** The canonical path of this user's home directory according to passwd(5); undefined without one. */
export function ownHome(): string | undefined {
  try {
    return realpathSync(userInfo().homedir);
  } catch {
    return undefined;
  }
}

/**
 * Whether this user is the only member of a group, as with the "user private groups" of Debian, Ubuntu and Fedora,
 * whose umask of 002 makes every directory writable for them. Debian's sshd makes the same exception. Never true for
 * root, or for a group that is not in /etc/group.
 */
export function isPrivateGroup(gid: number): boolean {
  const uid = ownUid();
  if (uid === undefined || uid === 0) return false;
  const accounts = entriesOf("/etc/passwd");
  const own = accounts.filter(([, , id]) => id === String(uid)).map(([name]) => name);
  const byPrimaryGroup = accounts.filter(([, , , primary]) => primary === String(gid)).map(([name]) => name);
  const listed = entriesOf("/etc/group")
    .filter(([, , id]) => id === String(gid))
    .flatMap(([, , , names = ""]) => names.split(",").filter((name) => name !== ""));
  const members = [...byPrimaryGroup, ...listed];
  return members.length > 0 && members.every((name) => own.includes(name));
}

/** The fields of each line of passwd(5) or group(5). */
function entriesOf(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
