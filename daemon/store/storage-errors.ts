import { Problem } from "../../protocol/problem.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { isFull } from "../../state-directory/file-problem.ts";

/**
 * Runs a write to the store, or its opening; throws `storage_full` if its disk is full or fails, or if it is damaged.
 */
export function mapStorageErrors<T>(write: () => T): T {
  try {
    return write();
  } catch (failure) {
    throw storageProblem(failure) ?? failure;
  }
}

export function storageFull(cause?: unknown): Problem {
  const detail =
    "The disk that holds Hostrun's history is full. Make room on it, or forget runs (`hostrun history forget`), then try again.";
  return new Problem("storage_full", detail, { cause });
}

/**
 * Whether a problem thrown by `mapStorageErrors` may disappear once there is more room; a full disk also makes SQLite
 * report failed writes.
 */
export function isWithoutRoom(failure: unknown): boolean {
  if (!(failure instanceof Problem) || failure.code !== "storage_full") return false;
  const code = errorCode(failure.cause) ?? "";
  return isFull(code) || /^SQLITE_(IOERR|CANTOPEN)/.test(code);
}

/** The problem to report for any failure of SQLite; undefined for other failures. */
export function databaseProblem(failure: unknown): Problem | undefined {
  return errorCode(failure)?.startsWith("SQLITE_") === true ? storageProblem(failure) : undefined;
}

/** What is read from the store, or why it cannot be read. */
export function readOrProblem<T>(read: () => T): T | Problem {
  try {
    return read();
  } catch (failure) {
    const problem = databaseProblem(failure);
    if (problem === undefined) throw failure;
    return problem;
  }
}

/** The problem to report for a failure of the disk or of SQLite; undefined for other failures. */
export function storageProblem(failure: unknown): Problem | undefined {
  const code = errorCode(failure) ?? "";
  if (isFull(code)) return storageFull(failure);
  // Without room for its write-ahead log or shared memory, SQLite reports a failed write (SQLITE_IOERR_…).
  const ofSystem = failure instanceof Error && "syscall" in failure;
  if (ofSystem || code.startsWith("SQLITE_IOERR")) {
    const detail = `Hostrun's history cannot be written (${code}). See whether its disk is full or failing.`;
    return new Problem("storage_full", detail, { cause: failure });
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    const detail =
      "Hostrun's history is damaged. Restart Hostrun (`hostrun restart`): it is moved aside then, and a new one is created.";
    return new Problem("storage_full", detail, { reason: "damaged", cause: failure });
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    const detail = `Hostrun's history is in use by another program (${code}), perhaps one that copies it. Try again in a moment.`;
    return new Problem("storage_full", detail, { cause: failure });
  }
  // This is also reported if the disk has no room for another file.
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(code)) {
    const detail = `Hostrun's history cannot be opened (${code}). Check that its files exist and are yours, and that its disk is not full or read-only.`;
    return new Problem("storage_full", detail, { cause: failure });
  }
  return undefined;
}
