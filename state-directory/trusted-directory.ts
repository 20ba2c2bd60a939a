import { lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { Problem } from "../protocol/problem.ts";
import { isPrivateGroup, ownHome, ownUid } from "./account.ts";
import { errorCode } from "./error-code.ts";
import { cannotUse } from "./file-problem.ts";
import { isOfOthers } from "./own-names.ts";

/**
 * Whether there is a state directory, which can then be trusted: a directory of this user that nobody else can write
 * to. Throws `forbidden` if others could have prepared it or could replace it: every directory and link on the way to
 * it is checked as sshd's StrictModes does (auth.c, safe_path), up to the home directory or the root. Sticky
 * directories writable for all, such as /tmp, are accepted: in them nobody can rename or remove what belongs to another
 * user.
 */
export function checkStateDirectory(path: string): boolean {
  const uid = ownUid();
  if (uid !== undefined) checkWay(path, uid);
  const found = lstat(path);
  if (found === undefined) return false;
  if (found.isSymbolicLink()) throw untrusted(path, "is a symbolic link", "Move it away");
  if (!found.isDirectory()) throw untrusted(path, "is not a directory", "Move it away");
  if (uid === undefined) return true;
  if (found.uid !== uid) {
    throw untrusted(path, `belongs to the user with id ${found.uid} and not to you (${uid})`, "Move it away");
  }
  // Closing it would deny others, or other programs, access to their files there.
  if ((found.mode & sticky) !== 0) throw untrusted(path, "is shared by all users");
  if ((found.mode & 0o077) !== 0 && isOfOthers(path)) {
    throw untrusted(path, "is used for other things, and other users can look into it");
  }
  if (isWritableByOthers(found)) {
    const advice = `See what is in it, then close it with \`chmod 700 ${path}\``;
    throw untrusted(path, "can be written to by other users", advice);
  }
  return true;
}

/** Creates the state directory, and missing directories above it, for this user only; or checks the existing one. */
export function makeStateDirectory(path: string): void {
  if (checkStateDirectory(path)) return;
  try {
    make(path);
  } catch (cause) {
    throw cannotUse(`The state directory ${path} cannot be made`, cause);
  }
  checkStateDirectory(path);
}

/** Like mkdir's `recursive`, which on a read-only file system reports ENOENT. */
function make(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    const code = errorCode(cause);
    // Another process was faster; the directory is checked next.
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw cause;
    make(dirname(path));
    make(path);
  }
}

/** Whether users other than the owner may write to it. */
export function isWritableByOthers({ mode, gid }: Pick<Stats, "mode" | "gid">): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !isPrivateGroup(gid));
}

interface Step {
  readonly path: string;
  readonly found: Stats;
}

const sticky = 0o1000;

function checkWay(stateDirectory: string, uid: number): void {
  const { steps, end } = wayTo(stateDirectory);
  for (const { path, found } of steps) {
    if (!isUnsafe(found, uid) || isAboveHome(path, end)) continue;
    const place = `${path}, which ${stateDirectory} is below,`;
    if (isForeign(found, uid)) {
      throw untrusted(place, `belongs to the user with id ${found.uid}, neither to you nor to root`);
    }
    const advice = found.uid === uid ? `Close it with \`chmod go-w ${path}\`` : undefined;
    throw untrusted(place, "can be written to by other users", advice);
  }
}

/** Whether others can replace what is below it. */
function isUnsafe(found: Stats, uid: number): boolean {
  if (isForeign(found, uid)) return true;
  return !found.isSymbolicLink() && (found.mode & sticky) === 0 && isWritableByOthers(found);
}

function isForeign({ uid: owner }: Stats, uid: number): boolean {
  return owner !== uid && owner !== 0;
}

/** Whether the home directory is below `path`, and `end` is the home directory or inside it. */
function isAboveHome(path: string, end: string): boolean {
  const home = ownHome();
  if (home === undefined || !home.startsWith(below(path))) return false;
  return end === home || end.startsWith(below(home));
}

/** Far more than anybody needs; Linux has the same limit. */
const maxLinks = 40;

/** Every existing directory and link above a path, and the canonical path of the last directory. */
function wayTo(path: string): { readonly steps: readonly Step[]; readonly end: string } {
  let end = "/";
  let links = 0;
  const steps: Step[] = [];
  const names = ["/", ...partsOf(dirname(path))];
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = join(end, name);
    const found = lstat(next);
    if (found === undefined) break;
    steps.push({ path: next, found });
    if (!found.isSymbolicLink()) {
      if (!found.isDirectory()) throw untrusted(`${next}, which ${path} is below,`, "is not a directory");
      end = next;
      continue;
    }
    links += 1;
    if (links > maxLinks) throw untrusted(path, "has too many symbolic links in its path");
    const target = readlinkSync(next);
    if (isAbsolute(target)) end = "/";
    names.unshift(...partsOf(target));
  }
  return { steps, end };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** The prefix of all paths inside a directory. */
function below(directory: string): string {
  return directory.endsWith("/") ? directory : `${directory}/`;
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw cannotUse(`${path} cannot be examined`, cause);
  }
}

function untrusted(place: string, why: string, advice?: string): Problem {
  const next = "et HOSTRUN_HOME to a directory of your own.";
  return new Problem(
    "forbidden",
    `The state directory ${place} ${why}, so Hostrun does not trust it. ` +
      (advice === undefined ? `S${next}` : `${advice}, or s${next}`),
  );
}
