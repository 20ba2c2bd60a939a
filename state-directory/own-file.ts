import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { Problem } from "../protocol/problem.ts";
import { ownUid } from "./account.ts";
import { errorCode } from "./error-code.ts";
import { isWritableByOthers } from "./trusted-directory.ts";

export type Kind = "file" | "directory" | "socket";

/** `linked`: the file may have other names, as output that was copied from another run. */
interface Allowed {
  readonly linked?: boolean;
}

/**
 * Checks that only this user can have created what is at `path`: it must be of the expected type, owned by the user,
 * not a link or a file with a second name, and not writable for others. A missing file is not refused. Throws
 * `forbidden` with what is wrong and what to do.
 */
export function checkOwn(path: string, kind: Kind, allowed: Allowed = {}): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) refuseForeign(path, found, { kind, ...allowed });
}

/**
 * Opens a file of the state directory that only this user can have written, with mode 0600 if `flags` create it.
 * Neither follows a link nor waits for a FIFO. Throws `forbidden` as `checkOwn` does; otherwise the system's error. The
 * caller must close the returned descriptor.
 */
export function openOwnFile(path: string, flags: number, allowed: Allowed = {}): number {
  let file: number;
  try {
    // Windows has neither flag.
    file = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (failure) {
    checkOwn(path, "file", allowed);
    throw failure;
  }
  try {
    refuseForeign(path, fstatSync(file), { kind: "file", ...allowed });
    return file;
  } catch (failure) {
    closeSync(file);
    throw failure;
  }
}

const defaultMaxBytes = 16 * 1024 * 1024;

/** The text of a file of the state directory, opened with `openOwnFile`; undefined if it does not exist. */
export function readOwnFile(path: string, maxBytes = defaultMaxBytes): string | undefined {
  return readOwnBytes(path, maxBytes)?.toString("utf8");
}

/** The same, as bytes. */
export function readOwnBytes(path: string, maxBytes = defaultMaxBytes): Buffer | undefined {
  let file: number;
  try {
    file = openOwnFile(path, constants.O_RDONLY);
  } catch (failure) {
    if (errorCode(failure) === "ENOENT") return undefined;
    throw failure;
  }
  try {
    return readAll(path, file, maxBytes);
  } finally {
    closeSync(file);
  }
}

function readAll(path: string, file: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  // A file that does not grow is read in one piece.
  let room = fstatSync(file).size + 1;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(room, maxBytes + 1));
    const read = readSync(file, chunk);
    size += read;
    if (size > maxBytes) throw refused(path, `is larger than ${maxBytes} bytes`, `See what is in it`);
    if (read > 0) chunks.push(chunk.subarray(0, read));
    const [only] = chunks;
    if (read === 0) return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    room = 65_536;
  }
}

function refuseForeign(path: string, found: Stats, expected: { kind: Kind } & Allowed): void {
  const remove = "See what it is, then remove it";
  if (!isOf(expected.kind, found))
    throw refused(path, `is ${kindOf(found)} and not a ${expected.kind}`, remove);
  const uid = ownUid();
  if (uid === undefined) return;
  if (found.uid !== uid) {
    throw refused(path, `belongs to the user with id ${found.uid} and not to you (${uid})`, remove);
  }
  if (expected.kind === "file" && found.nlink > 1 && expected.linked !== true) {
    const find = `\`find / -xdev -samefile ${path}\` shows it: keep one of the two`;
    throw refused(path, "has a second name elsewhere (a hard link)", find);
  }
  // A socket's mode is set by its listener, and its directory is closed to others.
  if (expected.kind !== "socket" && isWritableByOthers(found)) {
    const mode = expected.kind === "file" ? "600" : "700";
    const close = `See what is in it, then close it with \`chmod ${mode} ${path}\``;
    throw refused(path, "can be written to by other users", close);
  }
}

function isOf(kind: Kind, found: Stats): boolean {
  if (kind === "file") return found.isFile();
  return kind === "directory" ? found.isDirectory() : found.isSocket();
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isFIFO()) return "a FIFO";
  if (found.isDirectory()) return "a directory";
  if (found.isSocket()) return "a socket";
  return found.isFile() ? "a file" : "a device";
}

function refused(path: string, why: string, advice: string): Problem {
  const detail = `${path} ${why}, so Hostrun does not trust it. ${advice}, then try again.`;
  return new Problem("forbidden", detail);
}
