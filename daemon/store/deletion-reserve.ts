import { randomBytes } from "node:crypto";
import { closeSync, constants, rmSync, statSync, writeSync } from "node:fs";
import { Problem } from "../../protocol/problem.ts";
import { openOwnFile } from "../../state-directory/own-file.ts";
import { storageFull } from "./storage-errors.ts";

/** More than SQLite's write-ahead log takes for the deletion of a run. */
const reserveBytes = 1024 * 1024;

/**
 * Room on the disk that is given up where history is to be deleted and there is none: SQLite has to write to delete, and
 * nobody could make room with Hostrun's own means otherwise.
 */
export class DeletionReserve {
  readonly #path: string;
  readonly #giveBack: () => void;

  #isHeld = false;

  /** `giveBack` frees what the deletion took, as far as that is possible now. The reserve is not there before `hold`. */
  constructor(path: string, giveBack: () => void) {
    this.#path = path;
    this.#giveBack = giveBack;
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
      if (!(failure instanceof Problem) || failure.code !== "storage_full") throw failure;
    }
    this.#isHeld = false;
    rmSync(this.#path, { force: true });
    try {
      remove();
      this.#giveBack();
    } finally {
      this.#fill();
    }
  }

  /** Of bytes that no file system makes smaller; half a reserve would only take the room of others. */
  #fill(): void {
    try {
      this.#isHeld = statSync(this.#path, { throwIfNoEntry: false })?.size === reserveBytes;
      if (this.#isHeld) return;
      const file = openOwnFile(this.#path, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC);
      try {
        const written = writeSync(file, randomBytes(reserveBytes));
        this.#isHeld = written === reserveBytes;
        if (this.#isHeld) return;
      } finally {
        closeSync(file);
      }
    } catch {
      // The disk is full: another deletion makes room, or a person does.
    }
    rmSync(this.#path, { force: true });
  }
}
