import { statSync } from "node:fs";
import { stat } from "node:fs/promises";
import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { cannotUse } from "../../state-directory/file-problem.ts";

export interface InstanceLock extends Disposable {
  /**
   * Whether the file is still at its path; otherwise the state directory was removed or moved, and another daemon may have
   * that path. Rejects if the file system does not say.
   */
  readonly isInPlace: () => Promise<boolean>;
}

/**
 * Makes this process the only daemon of a state directory: an operating-system lock on a small file, released when the
 * process ends in any way. Throws `conflict` if another daemon holds it, `forbidden` or `storage_full` if the file
 * cannot be written.
 */
export function openInstanceLock(path: string, nativeBinding: string | undefined): InstanceLock {
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  let file: Sqlite.Database | undefined;
  try {
    file = new Sqlite(path, { timeout: 0, ...native });
    file.pragma("locking_mode = EXCLUSIVE");
    file.pragma("journal_mode = MEMORY");
    file.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    file?.close();
    if (!(cause instanceof Sqlite.SqliteError)) throw cause;
    if (cause.code !== "SQLITE_BUSY") throw cannotUse(`The lock ${path} cannot be taken`, cause);
    throw new Problem(
      "conflict",
      "A Hostrun daemon is already running for this state directory. `hostrun status` shows it, `hostrun stop` stops it.",
      { cause, reason: "place_taken" },
    );
  }
  const { ino, dev } = statSync(path);
  return {
    isInPlace: async () => {
      const now = await stat(path).catch((failure: unknown) => {
        if (errorCode(failure) !== "ENOENT") throw failure;
      });
      return now?.ino === ino && now.dev === dev;
    },
    [Symbol.dispose]: () => void file?.close(),
  };
}
