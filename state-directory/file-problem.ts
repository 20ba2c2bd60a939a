import { Problem } from "../protocol/problem.ts";
import { errorCode } from "./error-code.ts";

/** What a person can do about a system error, by its code. */
const advice: Readonly<Record<string, string>> = {
  ENOSPC: "Its disk is full: make room",
  EDQUOT: "Your quota is used up: make room",
  EROFS: "It is on a read-only file system",
  EACCES: "Check the permissions of the directory above it",
  EPERM: "Check the permissions of the directory above it",
  ENOENT: "The directory above it does not exist",
  ENOTDIR: "Part of its path is not a directory",
  ELOOP: "The symbolic links in its path form a loop",
  EISDIR: "It is a directory",
  ENAMETOOLONG: "Its path is too long",
  EMFILE: "Too many files are open",
  ENFILE: "Too many files are open",
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
