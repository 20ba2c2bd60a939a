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

/** Where a piece of output is stored: a file of its run, and the number of bytes before it in that file. */
export interface Place {
  readonly segment: number;
  readonly position: number;
  /** In bytes. */
  readonly size: number;
}

/** Reads pieces of one run, keeping one of its files open. */
export interface SegmentReader extends Disposable {
  /** The bytes at a place; undefined if they are missing, which can only be due to a power cut or another program. */
  read(place: Place): Buffer | undefined;
}

/**
 * Long pieces of output in append-only files, `<folder>/<run>/<segment>`. Written to SQLite, they would be copied two
 * more times and synced while every stream waits; here they are handed to the kernel once. A piece is written before
 * the row that refers to it is committed: a process that dies in between leaves bytes that nothing refers to.
 */
export class Segments {
  readonly #folder: string;
  readonly #maxBytes: number;
  /** The current segment of each run that is being written. */
  readonly #current = new Map<number, number>();

  /** A file of at least `maxBytes` is not appended to. */
  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * Appends pieces; `lastSegment` returns the segment in which to continue a run not written since the start. Throws
   * the system's error.
   */
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

  /** To be called when no more is written for this run. */
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
      // A damaged row may ask for more bytes than there is memory.
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

  /** Size of a file; 0 if it does not exist. */
  sizeOf(run: number, segment: number): number {
    return statSync(this.#path(run, segment), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Removes a file that no row refers to any more; if that fails, it is removed with its run. */
  drop(run: number, segment: number): void {
    try {
      rmSync(this.#path(run, segment), { force: true });
    } catch {
      // The rows are gone already, so the caller must not treat that as a failure.
    }
  }

  /** Gives a run the files of another run; neither of them is written any more. */
  copy(from: number, to: number): void {
    const source = join(this.#folder, String(from));
    const target = join(this.#folder, String(to));
    checkOwn(source, "directory");
    mkdirSync(target, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(source)) {
      try {
        linkSync(join(source, name), join(target, name));
      } catch {
        // Not every file system supports links.
        copyFileSync(join(source, name), join(target, name), constants.COPYFILE_FICLONE);
      }
    }
  }

  /** Removes a run's files; if that fails, `sweep` removes the rest. */
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

/** Whether the error proves that bytes are lost; others, such as too many open files, do not. */
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
