import { retryOnce } from "../core/retry-once.ts";
import type { Database } from "./database.ts";
import { isWithoutRoom, mapStorageErrors } from "./storage-errors.ts";

type Write = () => void;

/** Writes the endings of runs, one or many per commit; on a full disk, in the space reserved for them. */
export class Endings {
  readonly #database: Pick<Database, "sql" | "reserve">;
  /** The endings written in the open transaction, if there is one for many. */
  #uncommitted: Write[] | undefined;

  constructor(database: Pick<Database, "sql" | "reserve">) {
    this.#database = database;
  }

  /** `write` writes one ending. Throws `storage_full`. */
  write(write: Write): void {
    this.#database.reserve.lendToEnding(write);
    this.#written(write);
  }

  /** Writes one ending without using the room kept for endings. */
  writeInRoom(write: Write): void {
    write();
    this.#written(write);
  }

  #written(write: Write): void {
    // SQLite rolls a transaction back if the disk fails within it; what is written after that is a commit of its own.
    if (this.#database.sql.inTransaction) this.#uncommitted?.push(write);
  }

  /**
   * Commits the endings that `work` writes in one transaction, or in as few as the disk allows. Throws if one could not
   * be written.
   */
  inOneCommit(work: () => void): void {
    const written: Write[] = [];
    this.#uncommitted = written;
    try {
      mapStorageErrors(() => this.#database.sql.transaction(work)());
    } catch (failure) {
      this.#uncommitted = undefined;
      this.#writeInParts(written);
      if (!isWithoutRoom(failure)) throw failure;
    } finally {
      this.#uncommitted = undefined;
    }
  }

  #writeInParts(writes: readonly Write[]): void {
    let size = writes.length;
    let lost: { readonly failure: unknown } | undefined;
    for (let at = 0; at < writes.length; ) {
      const failed = this.#commit(writes.slice(at, at + size));
      if (failed !== undefined && size > 1) {
        size = Math.ceil(size / 2);
        continue;
      }
      at += size;
      lost = failed ?? lost;
      // All endings need about the same space.
      if (isWithoutRoom(failed?.failure)) break;
    }
    if (lost !== undefined) throw lost.failure;
  }

  #commit(writes: readonly Write[]): { readonly failure: unknown } | undefined {
    const { sql, reserve } = this.#database;
    const all = sql.transaction(() => {
      for (const write of writes) write();
    });
    return retryOnce(() => reserve.lendToEnding(() => mapStorageErrors(all)));
  }
}
