import { closeSync, constants, fstatSync, readSync, type Stats, statSync } from "node:fs";
import { Problem } from "../../protocol/problem.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { cannotUse } from "../../state-directory/file-problem.ts";
import { openOwnFile } from "../../state-directory/own-file.ts";

const chunkBytes = 65_536;

export type ShowLine = (line: string) => void;

/**
 * Reads the daemon's log line by line. The daemon copies a full log to `path.1` and truncates it, so lines that have
 * not been read yet are read from there.
 */
export class LogReader implements Disposable {
  readonly #path: string;
  #file: number | undefined;
  /** The offset up to which lines were shown. */
  #place = 0;
  /** The inode of the last known copy of a full log. */
  #copy: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#copy = find(`${path}.1`)?.ino;
    this.#file = open(path);
  }

  get exists(): boolean {
    return this.#file !== undefined;
  }

  /** Shows the last lines of the log; an incomplete last line only if `unfinished` is set. */
  showEnd(count: number, { unfinished }: { unfinished: boolean }, show: ShowLine): void {
    if (this.#file === undefined) return;
    const { size } = fstatSync(this.#file);
    let start = size;
    let text = "";
    while (start > 0 && text.split("\n").length <= count + 1) {
      const length = Math.min(chunkBytes, start);
      start -= length;
      text = readAt(this.#file, start, length).toString("latin1") + text;
    }
    const end = text.lastIndexOf("\n") + 1;
    const lines = Buffer.from(unfinished ? text : text.slice(0, end), "latin1")
      .toString("utf8")
      .split("\n");
    if (lines.at(-1) === "") lines.pop();
    if (count > 0) lines.slice(-count).forEach(show);
    this.#place = size - (text.length - end);
  }

  /** Shows the complete lines that were added since. */
  showNew(show: ShowLine): void {
    this.#file ??= open(this.#path);
    if (this.#file === undefined) return;
    if (this.#wasEmptied(this.#file)) {
      const copy = open(`${this.#path}.1`);
      if (copy !== undefined) {
        showFrom(copy, this.#place, show);
        closeSync(copy);
      }
      this.#place = 0;
    }
    this.#place = showFrom(this.#file, this.#place, show);
    if (find(this.#path)?.ino === fstatSync(this.#file).ino) return;
    // The file was removed: the daemon creates a new one.
    this[Symbol.dispose]();
    this.#place = 0;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #wasEmptied(file: number): boolean {
    const copy = find(`${this.#path}.1`);
    if (copy === undefined || copy.ino === this.#copy || fstatSync(file).size >= copy.size) return false;
    this.#copy = copy.ino;
    return true;
  }
}

function open(path: string): number | undefined {
  try {
    return openOwnFile(path, constants.O_RDONLY);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error instanceof Problem ? error : cannotUse(`The daemon's log ${path} cannot be read`, error);
  }
}

function find(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Shows the complete lines from `place` on; returns the offset of the next one. */
function showFrom(file: number, place: number, show: ShowLine): number {
  let at = place;
  let length = chunkBytes;
  for (;;) {
    const bytes = readAt(file, at, length);
    const end = bytes.lastIndexOf(0x0a);
    if (end === -1 && bytes.length < length) return at;
    if (end === -1) {
      length *= 2;
      continue;
    }
    bytes.toString("utf8", 0, end).split("\n").forEach(show);
    at += end + 1;
    length = chunkBytes;
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}
