import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, ftruncateSync, rmSync, statSync, writeSync } from "node:fs";
import { openOwnFile } from "../../state-directory/own-file.ts";
import { isWithoutRoom, storageFull } from "./storage-errors.ts";

/** More than SQLite's write-ahead log takes for the deletion of a run. */
const deletionBytes = 1024 * 1024;
/** For the endings of runs that were under way when the disk became full: some 10 KiB each. */
const endingBytes = 1024 * 1024;
const reserveBytes = deletionBytes + endingBytes;
/** More than the ending of one run takes. */
const stepBytes = 64 * 1024;

/** How much of the write-ahead log is put into the database: what is possible now, or all, and its file is emptied. */
export type Checkpoint = "PASSIVE" | "TRUNCATE";

/**
 * Room on the disk that is given up where there is none, for what has to be written then: SQLite writes to delete, and nobody could
 * make room with Hostrun's own means otherwise; and runs that are under way end.
 *
 *     | for deletions, 1 MiB | for endings, 1 MiB <- given up from this end, 64 KiB at a time |
 */
export class DiskReserve {
  readonly #path: string;
  readonly #checkpoint: (mode: Checkpoint) => void;

  #isHeld = false;

  /** The reserve is not there before `hold`. */
  constructor(path: string, checkpoint: (mode: Checkpoint) => void) {
    this.#path = path;
    this.#checkpoint = checkpoint;
  }

  /** Takes the room, if it is to be had. What is written while it is not would leave none to delete in: `demand` refuses that. */
  hold(): void {
    if (!this.#isHeld) this.#fill();
  }

  /** `storage_full` without the room. */
  demand(): void {
    this.hold();
    if (!this.#isHeld) throw storageFull();
  }

  /** Deletes; where the disk is full (`storage_full`), once more in the room of the reserve. */
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

  /** Writes endings of runs; where the disk is full, in room that is kept for that. `storage_full` where that is used up. */
  lendToEnding(write: () => void): void {
    for (let isLast = false; ; ) {
      try {
        write();
        return;
      } catch (failure) {
        if (!isWithoutRoom(failure) || isLast) throw failure;
      }
      isLast = !this.#shrink();
      // What is in the database already is room in the write-ahead log, that nothing else can take.
      this.#checkpoint("PASSIVE");
    }
  }

  /** By one step. False, and nothing changed, where the room for deletions would be touched. */
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
      return false; // It is not there.
    }
  }

  /** All of it, or what deletions take: less would only take the room of others. */
  #fill(): void {
    this.#isHeld = this.#growTo(reserveBytes);
    if (!this.#isHeld && !this.#growTo(deletionBytes)) rmSync(this.#path, { force: true });
  }

  /** By bytes that no file system makes smaller. It is as it was where it fails. */
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
