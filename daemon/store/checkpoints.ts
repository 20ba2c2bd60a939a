import { Worker } from "node:worker_threads";
import type Sqlite from "better-sqlite3";
import type { Log } from "../core/log.ts";

export interface CheckpointsParts {
  readonly sql: Sqlite.Database;
  readonly path: string;
  readonly nativeBinding: string | undefined;
  /** daemon/checkpointer.ts, as built or as it stands. */
  readonly script: string;
  readonly log: Log;
}

/** How often it is looked whether one is due. */
const intervalMs = 500;
/** So many rows are some thousand pages of the write-ahead log, or those of some sixty runs. */
const minRows = 300;

/**
 * Checkpoints of the store in a thread of its own. Each waits three times for the disk, 6 ms in all for one that has nothing
 * else to do and a hundred for one that has: so long no run would go on. While something is written all the time, the log begins
 * anew only where a commit makes the checkpoint, which it does at `maxLogPages` (database.ts); little is left to it then.
 */
export class Checkpoints implements AsyncDisposable {
  readonly #parts: CheckpointsParts;
  readonly #rows: Sqlite.Statement<[], number>;
  readonly #timer = setInterval(() => this.#look(), intervalMs).unref();
  #rowsBefore: number;
  /** While it has something to do; its thread stays. */
  #isBusy = false;
  #thread: Worker | undefined;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
    this.#rows = parts.sql.prepare<[], number>("SELECT total_changes()").pluck();
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
    });
    // It stays busy: what is wrong with the disk is for those to tell who write.
    thread.on("error", (failure) => log.warn("Checkpoints are made within commits from now on", { failure }));
    return thread;
  }

  #rowsChanged(): number {
    return this.#rows.get() ?? 0;
  }
}
