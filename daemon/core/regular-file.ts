import { createHash } from "node:crypto";
import { type BigIntStats, constants, type StatsBase } from "node:fs";
import { type FileHandle, open, opendir, stat } from "node:fs/promises";
import { errorCode } from "../../state-directory/error-code.ts";

export interface ReadOptions {
  readonly maxBytes: number;
  /** The caller's version: a file that still has it is not read again. */
  readonly known?: string | undefined;
}

export type FileContent =
  | {
      readonly kind: "content";
      readonly bytes: Buffer;
      /**
       * Equal only while the file is the same: device, inode, size and times, and just after a change also its content.
       */
      readonly version: string;
      /** Its permissions, e.g. 0o600, and the id of its owner; meaningless on Windows. */
      readonly mode: number;
      readonly uid: number;
    }
  | Unread;

/** An unchanged file has `version` from now on. */
export type FileChange = FileContent | { readonly kind: "unchanged"; readonly version: string };

export type DirectoryContent =
  | {
      readonly kind: "names";
      readonly names: readonly string[];
      /** As for a file; undefined for a directory that was just changed. */
      readonly version: string | undefined;
    }
  | Unread;

export type Unread =
  | { readonly kind: "missing" }
  /** `why` is a clause for a person: "it is a directory". */
  | { readonly kind: "unreadable"; readonly why: string };

/** What is at a path; links are followed. */
export type PathKind = "file" | "directory" | "socket" | "fifo" | "device" | "missing" | "unknown";

/**
 * Reads a regular file of at most `maxBytes`. Nothing else is ever opened: a FIFO would wait for a writer, and opening
 * some devices has side effects. The opened file is checked again, since the path may lead to another file by then. Links
 * are followed. Never rejects.
 */
export async function readRegularFile(path: string, options: ReadOptions): Promise<FileChange> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) return { kind: "unreadable", why: `it is ${nameOf(found)}` };
    const version = statVersion(found);
    if (version === options.known) return { kind: "unchanged", version };
    // Windows has no O_NONBLOCK, which then counts as 0.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readOpened(file, options);
    } finally {
      // Not awaited: the content is valid without it.
      file.close().catch(() => undefined);
    }
  } catch (failure) {
    return unread(failure);
  }
}

async function readOpened(file: FileHandle, { maxBytes, known }: ReadOptions): Promise<FileChange> {
  const found = await file.stat({ bigint: true });
  if (!found.isFile()) return { kind: "unreadable", why: `it is ${nameOf(found)}` };
  const now = Date.now();
  const tooLarge: Unread = { kind: "unreadable", why: `it is larger than ${sizeText(maxBytes)}` };
  if (found.size > maxBytes) return tooLarge;
  const chunks: Buffer[] = [];
  // One byte more than its size, to detect its end; files of /proc report no size.
  let wanted = Number(found.size) + 1;
  for (let size = 0; ; wanted = 65_536) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, null);
    if (bytesRead === 0) {
      const bytes = Buffer.concat(chunks);
      const version = versionOf(found, bytes, now);
      if (known === version || known === unsettledVersion(found, bytes))
        return { kind: "unchanged", version };
      const mode = Number(found.mode) & 0o777;
      return { kind: "content", bytes, version, mode, uid: Number(found.uid) };
    }
    size += bytesRead;
    if (size > maxBytes) return tooLarge;
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** The names in a directory, sorted bytewise, at most `maxNames` of them. Never rejects. */
export async function listDirectory(path: string, maxNames: number): Promise<DirectoryContent> {
  try {
    const now = Date.now();
    const before = await stat(path, { bigint: true });
    const names: string[] = [];
    for await (const { name } of await opendir(path)) {
      if (names.length === maxNames) {
        return { kind: "unreadable", why: `it holds more than ${maxNames} files` };
      }
      names.push(name);
    }
    return {
      kind: "names",
      names: names.sort(),
      version: isSettled(before, now) ? statVersion(before) : undefined,
    };
  } catch (failure) {
    return unread(failure);
  }
}

/** Never rejects. */
export async function kindOfPath(path: string): Promise<PathKind> {
  try {
    return kindOf(await stat(path));
  } catch (failure) {
    return unread(failure).kind === "missing" ? "missing" : "unknown";
  }
}

export function kindOf(found: StatsBase<unknown>): PathKind {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "directory";
  if (found.isSocket()) return "socket";
  return found.isFIFO() ? "fifo" : "device";
}

/** File times are as coarse as the file system makes them, at most 2 s: within that, a further change may not show. */
const settledAfterMs = 3000;

/** For a file that was just changed the times are not enough. `now`: when it was checked, in ms since 1970. */
export function versionOf(found: BigIntStats, bytes: Buffer, now: number): string {
  return isSettled(found, now) ? statVersion(found) : unsettledVersion(found, bytes);
}

function isSettled({ mtimeNs, ctimeNs }: BigIntStats, now: number): boolean {
  const changedAt = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
  return now - changedAt > settledAfterMs;
}

export function statVersion({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

function unsettledVersion(found: BigIntStats, bytes: Buffer): string {
  return `${statVersion(found)}:${createHash("sha256").update(bytes).digest("base64")}`;
}

function nameOf(found: BigIntStats): string {
  if (found.isDirectory()) return "a directory";
  if (found.isFIFO()) return "a FIFO";
  return found.isSocket() ? "a socket" : "a device";
}

function unread(failure: unknown): Unread {
  const code = errorCode(failure) ?? "unknown error";
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
  return { kind: "unreadable", why: reasons[code] ?? `it cannot be read (${code})` };
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission was denied",
  EPERM: "permission was denied",
  ELOOP: "its symbolic links lead in a circle",
  ERR_INVALID_ARG_VALUE: "its path holds a NUL character",
};

function sizeText(bytes: number): string {
  return bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1024} KiB`;
}
