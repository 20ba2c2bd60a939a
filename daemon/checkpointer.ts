import { parentPort, workerData } from "node:worker_threads";
import Sqlite from "better-sqlite3";

/**
 * The thread that writes the write-ahead log into the database whenever it receives a message (see store/checkpoints.ts).
 */
const given: unknown = workerData;
const path: unknown = Reflect.get(Object(given), "path");
const nativeBinding: unknown = Reflect.get(Object(given), "nativeBinding");
const sql = new Sqlite(String(path), {
  fileMustExist: true,
  ...(typeof nativeBinding === "string" && { nativeBinding }),
});
let checkpoint: Sqlite.Statement | undefined;
parentPort?.on("message", () => {
  try {
    // As far as possible without blocking readers and writers. Prepared once: this thread has so little garbage otherwise that
    // a statement for each checkpoint stayed for hours, a KiB each.
    checkpoint ??= sql.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    checkpoint.all();
  } catch {
    // The disk is full or failing, which writers report themselves; the next checkpoint tries again.
  }
  parentPort?.postMessage("done");
});
