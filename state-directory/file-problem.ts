import { Problem } from "../protocol/problem.ts";
import { errorCode } from "./error-code.ts";

/** What a person can do about a system error, by its code; "or" and something else to do follow. */
const advice: Readonly<Record<string, string>> = {
  ENOSPC: "Its disk is full: make room",
  EDQUOT: "Your quota is used up: make room",
  EROFS: "Its file system is read-only: make it writable",
  EACCES: "Check the permissions of the directory above it",
  EPERM: "Check the permissions of the directory above it",
  ENOENT: "The directory above it does not exist: make it",
  ENOTDIR: "Part of its path is not a directory: correct the path",
  ELOOP: "The symbolic links in its path form a loop: correct them",
  EISDIR: "It is a directory: move it away",
  ENAMETOOLONG: "Its path is too long: shorten it",
  EMFILE: "Too many files are open: allow more (`ulimit -n`)",
  ENFILE: "Too many files are open: allow more (`ulimit -n`)",
  SQLITE_FULL: "Its disk is full: make room",
  SQLITE_CANTOPEN: "Check its permissions, and whether it is on a read-only file system",
  SQLITE_READONLY: "Check its permissions, and whether it is on a read-only file system",
};

/** For an error of the system or SQLite in the state directory. `what` is a sentence without its full stop. */
export function cannotUse(what: string, cause: unknown): Problem {
  const code = codeOf(cause);
  const detail = `${what} (${code}). ${adviceOn(code)}, or set HOSTRUN_HOME to another directory.`;
  return new Problem(isFull(code) ? "storage_full" : "forbidden", detail, { cause });
}

/** For a system error while writing a file at a path that a person has chosen. */
export function cannotWrite(path: string, cause: unknown): Problem {
  const code = codeOf(cause);
  const detail = `${path} could not be written (${code}). ${adviceOn(code)}, or choose another place.`;
  return new Problem(isFull(code) ? "storage_full" : "conflict", detail, { cause });
}

function codeOf(cause: unknown): string {
  return errorCode(cause) ?? "unknown error";
}

function adviceOn(code: string): string {
  return advice[code] ?? "Check whether its disk is full or failing";
}

/** Whether the code means that a disk is full. */
export function isFull(code: string): boolean {
  return ["ENOSPC", "EDQUOT", "SQLITE_FULL"].includes(code);
}
