import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";

/**
 * Holds the one place that there is for a daemon in a state directory: a lock of the operating system on a
 * small file, which ends with the process however it ends. `conflict` when another daemon holds it.
 */
export function openInstanceLock(path: string, nativeBinding: string | undefined): Disposable {
  const file = new Sqlite(path, { timeout: 0, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
  try {
    file.pragma("locking_mode = EXCLUSIVE");
    file.pragma("journal_mode = MEMORY");
    file.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    file.close();
    const busy = cause instanceof Sqlite.SqliteError && cause.code === "SQLITE_BUSY";
    if (!busy) throw cause;
    throw new Problem(
      "conflict",
      "A Hostrun daemon runs for this state directory already. `hostrun status` shows it, `hostrun stop` ends it.",
      { cause },
    );
  }
  return { [Symbol.dispose]: () => void file.close() };
}
