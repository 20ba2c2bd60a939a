import { parentPort, workerData } from "node:worker_threads";
import Sqlite from "better-sqlite3";

/** The thread that brings what the write-ahead log holds into the store, whenever it is sent something (see store/checkpoints.ts). */
const given: unknown = workerData;
const path: unknown = Reflect.get(Object(given), "path");
const nativeBinding: unknown = Reflect.get(Object(given), "nativeBinding");
const sql = new Sqlite(String(path), {
  fileMustExist: true,
  ...(typeof nativeBinding === "string" && { nativeBinding }),
});
parentPort?.on("message", () => {
  try {
    // As far as it can be done beside who reads and writes.
    sql.pragma("wal_checkpoint(PASSIVE)");
  } catch {
    // The disk is full or fails, which who writes is told of; the next one does it.
  }
  parentPort?.postMessage("done");
});
