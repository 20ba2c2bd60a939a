import { Worker } from "node:worker_threads";
import type Sqlite from "better-sqlite3";
import type { Log } from "../core/log.ts";

export interface CheckpointsParts {
  readonly sql: Sqlite.Database;
  readonly path: string;
  readonly nativeBinding: string | undefined;
  /** daemon/checkpointer.ts, as built or as source. */
  readonly script: string;
  readonly log: Log;
}

/** How often to check whether a checkpoint is due. */
const intervalMs = 500;
/** This many rows are some thousand pages of the write-ahead log, or the rows of some sixty runs. */
const minRows = 300;

/**
 * Runs the store's checkpoints in a separate thread. Each waits three times for the disk, 6 ms in total on an idle disk
 * and a hundred on a busy one, and in the main thread would block every run. During continuous writing, the log
 * restarts only when a commit makes the checkpoint, which it does at `maxLogPages` (database.ts); then little is left
 * to do.
 */
export class Checkpoints implements AsyncDisposable {
  readonly #parts: CheckpointsParts;
  readonly #rows: Sqlite.Statement<[], number>;
  /** Drops the cached pages of the database: those that a checkpoint has written are read through its mapping. */
  readonly #dropCached: Sqlite.Statement;
  readonly #timer = setInterval(() => this.#look(), intervalMs).unref();
  #rowsBefore: number;
  /** True during a checkpoint; the thread is kept afterwards. */
  #isBusy = false;
  #thread: Worker | undefined;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
    this.#rows = parts.sql.prepare<[], number>("SELECT total_changes()").pluck();
    this.#dropCached = parts.sql.prepare("PRAGMA shrink_memory");
    this.#rowsBefore = this.#rowsChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#thread?.terminate();
  }

  #look(): void {
    const rows = this.#rowsChanged();
    if (this.#isBusy || rows - this.#rowsBefore < minRows) return;
    this.#rowsBefore = rows;
    this.#isBusy = true;
    this.#thread ??= this.#begin();
    this.#thread.postMessage("checkpoint");
  }

  #begin(): Worker {
    const { path, nativeBinding, script, log } = this.#parts;
    const thread = new Worker(script, { workerData: { path, nativeBinding }, env: {} });
    thread.unref();
    thread.on("message", () => {
      this.#isBusy = false;
      this.#dropCached.run();
    });
    // It stays busy; problems of the disk are reported by those that write.
    thread.on("error", (failure) => log.warn("Checkpoints are made within commits from now on", { failure }));
    return thread;
  }

  #rowsChanged(): number {
    return this.#rows.get() ?? 0;
  }
}
