import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, ftruncateSync, rmSync, statSync, writeSync } from "node:fs";
import { openOwnFile } from "../../state-directory/own-file.ts";
import { isWithoutRoom, storageFull } from "./storage-errors.ts";

/** More than SQLite's write-ahead log needs to delete a run. */
const deletionBytes = 1024 * 1024;
/** For the endings of runs that are under way when the disk fills up: some 10 KiB each. */
const endingBytes = 1024 * 1024;
const reserveBytes = deletionBytes + endingBytes;
/** More than one run's ending needs. */
const stepBytes = 64 * 1024;

/** How much of the write-ahead log is copied to the database: what is possible now, or all, truncating the log. */
export type Checkpoint = "PASSIVE" | "TRUNCATE";

/**
 * Reserved disk space that is released when the disk is full, for writes that are then necessary: SQLite has to write
 * in order to delete, and without that nobody could free space with Hostrun itself; and runs under way have to end.
 *
 *     | for deletions, 1 MiB | for endings, 1 MiB <- given up from this end, 64 KiB at a time |
 */
export class DiskReserve {
  readonly #path: string;
  readonly #checkpoint: (mode: Checkpoint) => void;

  #isHeld = false;

  /** Nothing is reserved before `hold`. */
  constructor(path: string, checkpoint: (mode: Checkpoint) => void) {
    this.#path = path;
    this.#checkpoint = checkpoint;
  }

  /**
   * Reserves the space if possible. Without it, further writes could leave no room to delete: `demand` refuses them.
   */
  hold(): void {
    if (!this.#isHeld) this.#fill();
  }

  /** Throws `storage_full` if the space is not reserved. */
  demand(): void {
    this.hold();
    if (!this.#isHeld) throw storageFull();
  }

  /** Deletes; if the disk is full (`storage_full`), retries with the reserved space released. */
  lend(remove: () => void): void {
    try {
      remove();
      return;
    } catch (failure) {
      if (!isWithoutRoom(failure)) throw failure;
    }
    this.#isHeld = false;
    rmSync(this.#path, { force: true });
    try {
      remove();
      this.#checkpoint("TRUNCATE");
    } finally {
      this.#fill();
    }
  }

  /**
   * Writes run endings; if the disk is full, with space reserved for that. Throws `storage_full` when that is used up.
   */
  lendToEnding(write: () => void): void {
    for (let isLast = false; ; ) {
      try {
        write();
        return;
      } catch (failure) {
        if (!isWithoutRoom(failure) || isLast) throw failure;
      }
      isLast = !this.#shrink();
      // Checkpointing makes room in the write-ahead log, which nothing else can take.
      this.#checkpoint("PASSIVE");
    }
  }

  /** Shrinks by one step. Returns false, leaving the file unchanged, if the space for deletions would be touched. */
  #shrink(): boolean {
    try {
      const file = openOwnFile(this.#path, constants.O_WRONLY);
      try {
        const { size } = fstatSync(file);
        const smaller = size - stepBytes;
        if (smaller < deletionBytes) return false;
        this.#isHeld = false;
        ftruncateSync(file, smaller);
        return true;
      } finally {
        closeSync(file);
      }
    } catch {
      return false; // The file does not exist.
    }
  }

  /** Reserves all of it, or at least what deletions need; a smaller reserve would be useless. */
  #fill(): void {
    this.#isHeld = this.#growTo(reserveBytes);
    if (!this.#isHeld && !this.#growTo(deletionBytes)) rmSync(this.#path, { force: true });
  }

  /** Fills with bytes that no file system compresses. On failure the file is unchanged. */
  #growTo(bytes: number): boolean {
    if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= bytes) return true;
    try {
      const file = openOwnFile(this.#path, constants.O_CREAT | constants.O_WRONLY);
      try {
        return appended(file, bytes);
      } finally {
        closeSync(file);
      }
    } catch {
      // The disk is full: a deletion makes room, or a person does.
      return false;
    }
  }
}

function appended(file: number, bytes: number): boolean {
  const { size } = fstatSync(file);
  let written = 0;
  try {
    written = writeSync(file, randomBytes(bytes - size), 0, bytes - size, size);
  } finally {
    if (size + written < bytes) ftruncateSync(file, size);
  }
  return size + written === bytes;
}
