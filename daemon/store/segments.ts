import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writevSync,
} from "node:fs";
import { opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../state-directory/error-code.ts";
import { checkOwn, openOwnFile } from "../../state-directory/own-file.ts";
import { retryOnce } from "../core/retry-once.ts";

const { O_APPEND, O_CREAT, O_RDONLY, O_WRONLY } = constants;

/** Where a piece of output lies: a file of its run, and the bytes of that file before it. */
export interface Place {
  readonly segment: number;
  readonly position: number;
  /** In bytes. */
  readonly size: number;
}

/** Reads pieces of one run, holding one of its files open. */
export interface SegmentReader extends Disposable {
  /** The bytes at a place; undefined when they are not there, which only a power cut or somebody else can bring about. */
  read(place: Place): Buffer | undefined;
}

/**
 * Long pieces of output in append-only files, `<folder>/<run>/<segment>`. What writes them to SQLite would be copied
 * two more times and synced while every stream waits; here they are handed to the kernel once. A piece is written before
 * the row that names it is committed: a process that dies between the two leaves bytes that nobody looks for.
 */
export class Segments {
  readonly #folder: string;
  readonly #maxBytes: number;
  /** Where each run that is being written stands. */
  readonly #current = new Map<number, number>();

  /** A file takes no further piece from `maxBytes` on. */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Appends pieces; `lastSegment` says where a run goes on that was not written yet. Throws the system's error. */
  append(run: number, pieces: readonly Buffer[], lastSegment: () => number): Place[] {
    const segment = this.#current.get(run) ?? this.#begin(run, lastSegment());
    this.#current.delete(run);
    const file = openOwnFile(this.#path(run, segment), O_WRONLY | O_APPEND | O_CREAT);
    try {
      let position = fstatSync(file).size;
      writeAll(file, pieces);
      const places = pieces.map(({ length: size }) => {
        position += size;
        return { segment, position: position - size, size };
      });
      this.#current.set(run, position < this.#maxBytes ? segment : segment + 1);
      return places;
    } finally {
      closeSync(file);
    }
  }

  /** No more is written for this run. */
  finish(run: number): void {
    this.#current.delete(run);
  }

  reader(run: number): SegmentReader {
    let open: { readonly segment: number; readonly file: number } | undefined;
    const close = (): void => {
      if (open !== undefined) closeSync(open.file);
      open = undefined;
    };
    const read = ({ segment, position, size }: Place): Buffer | undefined => {
      // A damaged row may ask for more than there is memory.
      if (position < 0 || size < 0 || position + size > this.sizeOf(run, segment)) return undefined;
      if (open?.segment !== segment) {
        close();
        open = { segment, file: openOwnFile(this.#path(run, segment), O_RDONLY, { linked: true }) };
      }
      const bytes = Buffer.allocUnsafe(size);
      return readSync(open.file, bytes, 0, size, position) === size ? bytes : undefined;
    };
    return {
      read: (place) => {
        let bytes: Buffer | undefined;
        const failed = retryOnce(() => {
          bytes = read(place);
        });
        if (failed !== undefined && !saysLost(failed.failure)) throw failed.failure;
        return bytes;
      },
      [Symbol.dispose]: close,
    };
  }

  /** Bytes in a file; 0 when it is not there. */
  sizeOf(run: number, segment: number): number {
    return statSync(this.#path(run, segment), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Removes a file that no row names any more; where that fails it goes with its run. */
  drop(run: number, segment: number): void {
    try {
      rmSync(this.#path(run, segment), { force: true });
    } catch {
      // The rows are gone already: whoever cut them must not take that for undone.
    }
  }

  /** Gives a run the files of another one, which neither of them writes any more. */
  copy(from: number, to: number): void {
    const source = join(this.#folder, String(from));
    const target = join(this.#folder, String(to));
    checkOwn(source, "directory");
    mkdirSync(target, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(source)) {
      try {
        linkSync(join(source, name), join(target, name));
      } catch {
        // Not every file system has links.
        copyFileSync(join(source, name), join(target, name), constants.COPYFILE_FICLONE);
      }
    }
  }

  /** Removes a run's files; what is left of them when that fails goes with `sweep`. */
  async remove(run: number): Promise<void> {
    this.finish(run);
    await rm(join(this.#folder, String(run)), { recursive: true, force: true });
  }

  /** Removes the files of runs that are not known (any more). */
  async sweep(isKnown: (run: number) => boolean, signal: AbortSignal): Promise<void> {
    for await (const { name } of await opendir(this.#folder)) {
      if (signal.aborted) return;
      if (/^\d{1,15}$/.test(name) && !isKnown(Number(name))) await this.remove(Number(name));
    }
  }

  #begin(run: number, segment: number): number {
    const folder = join(this.#folder, String(run));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    checkOwn(folder, "directory");
    return segment;
  }

  #path(run: number, segment: number): string {
    return join(this.#folder, String(run), String(segment));
  }
}

/** Whether bytes are gone; anything else, such as too many open files, says nothing of them. */
function saysLost(failure: unknown): boolean {
  return ["ENOENT", "EIO"].includes(errorCode(failure) ?? "");
}

function writeAll(file: number, pieces: readonly Buffer[]): void {
  let left: readonly Buffer[] = pieces;
  while (left.length > 0) {
    let written = writevSync(file, left);
    left = left.flatMap((piece) => {
      const taken = Math.min(written, piece.length);
      written -= taken;
      return taken === piece.length ? [] : [piece.subarray(taken)];
    });
  }
}
