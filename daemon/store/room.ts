import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";

/** Writes to the store, or opens it; `storage_full` where its disk has no room or fails. */
export function roomFor<T>(write: () => T): T {
  try {
    return write();
  } catch (failure) {
    // Without room for its write-ahead log or its shared memory SQLite tells of a failed write (SQLITE_IOERR_…).
    if (failure instanceof Sqlite.SqliteError && /^SQLITE_(FULL|IOERR)/.test(failure.code)) {
      throw new Problem(
        "storage_full",
        failure.code === "SQLITE_FULL"
          ? "The disk that holds Hostrun's history is full. Make room, or delete old runs, and run again."
          : `Hostrun's history cannot be written (${failure.code}). See whether its disk is full or failing.`,
        { cause: failure },
      );
    }
    throw failure;
  }
}
