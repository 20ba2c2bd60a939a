import {
  type FileQuestion,
  isDirectoryContent,
  isFileChange,
  isFileContent,
  isPathKind,
  isWay,
} from "./file-request.ts";
import { KnownPaths } from "./known-paths.ts";
import type { Log } from "./log.ts";
import { ReaderProcess, type ReaderProgram } from "./reader-process.ts";
import type { DirectoryContent, FileChange, FileContent, PathKind, Unread } from "./regular-file.ts";

/**
 * Reads files at paths that a person or a client names: key files, SSH configurations, known_hosts. Whatever is at the
 * path, the answer arrives within a deadline and is a regular file of bounded size, and nothing else is delayed. Another
 * process does the reads, which can be abandoned: here, a file system that hangs would block one of the four threads of
 * Node's pool per read, and the process could never exit. No method rejects.
 */
export interface UserFiles extends Disposable {
  read(path: string, maxBytes: number): Promise<FileContent>;
  /** Reads a file only if it has changed since an earlier read, which returned `version`. */
  reread(path: string, maxBytes: number, version: string | undefined): Promise<FileChange>;
  /** Sorted; a directory with more than `maxNames` is unreadable. */
  list(path: string, maxNames: number): Promise<DirectoryContent>;
  /** For what is connected to instead of read; "unknown" also if it hangs. */
  kind(path: string): Promise<PathKind>;
}

export interface UserFilesOptions {
  readonly program: ReaderProgram;
  readonly log: Log;
  /** Per read; default 5 s. */
  readonly timeoutMs?: number;
  /** The number of killed processes that may still hang in the system before no more are started; default 8. */
  readonly maxHanging?: number;
}

/** An unused process is ended after this long. It takes 12 MB; a run waits 40 ms for a new one. */
const idleMs = 3_600_000;

/** The first read starts the process, which takes some 40 ms. */
export function openUserFiles(options: UserFilesOptions): UserFiles {
  const readers = new Readers(options);
  return {
    async read(path, maxBytes) {
      const answer = await readers.ask({ what: "read", path, maxBytes });
      return isFileContent(answer) ? answer : unread(answer);
    },
    async reread(path, maxBytes, known) {
      const answer = await readers.ask({ what: "read", path, maxBytes, known });
      return isFileChange(answer) ? answer : unread(answer);
    },
    async list(path, maxNames) {
      const answer = await readers.ask({ what: "list", path, maxNames });
      return isDirectoryContent(answer) ? answer : unread(answer);
    },
    async kind(path) {
      const answer = await readers.ask({ what: "kind", path });
      return isPathKind(answer) ? answer : "unknown";
    },
    [Symbol.dispose]: () => readers[Symbol.dispose](),
  };
}

/** Why there is no answer, as a clause. */
class Refusal {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

function unread(answer: unknown): Unread {
  return { kind: "unreadable", why: answer instanceof Refusal ? answer.why : "it cannot be read" };
}

/** One process for all reads, and another one as soon as a read hangs. */
class Readers implements Disposable {
  readonly #options: UserFilesOptions;
  readonly #timeoutMs: number;
  readonly #maxHanging: number;
  /** All processes that the system has not reaped. */
  readonly #processes = new Set<ReaderProcess>();
  readonly #known = new KnownPaths();
  readonly #thisTurn = new Map<string, Promise<unknown>>();
  /** The last question about each path. */
  readonly #asked = new Map<string, Promise<unknown>>();
  /** Paths that hung, and the processes that may still hang there. */
  readonly #hanging = new Map<string, ReaderProcess>();
  #current: ReaderProcess | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: UserFilesOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#maxHanging = options.maxHanging ?? 8;
  }

  ask(question: FileQuestion): Promise<unknown> {
    const answer = this.#known.answerTo(question);
    if (answer === undefined) return this.#askOnce(question);
    this.#findOut(question.path);
    return Promise.resolve(answer);
  }

  /** Identical questions of one turn are sent once, when the turn ends. */
  #askOnce(question: FileQuestion): Promise<unknown> {
    const key = JSON.stringify(question);
    const same = this.#thisTurn.get(key);
    if (same !== undefined) return same;
    const asking = this.#askInTurn(question);
    if (this.#thisTurn.size === 0) queueMicrotask(() => this.#thisTurn.clear());
    this.#thisTurn.set(key, asking);
    return asking;
  }

  /** One question per path at a time: a hundred runs with the same key file must not become a hundred hanging reads. */
  async #askInTurn(question: FileQuestion): Promise<unknown> {
    const { path } = question;
    const before = this.#asked.get(path);
    const asking =
      before === undefined
        ? this.#askNow(question)
        : before.then((answer) => (answer instanceof Refusal ? answer : this.#askNow(question)));
    this.#asked.set(path, asking);
    try {
      const answer = await asking;
      this.#keep(question, answer);
      return answer;
    } finally {
      if (this.#asked.get(path) === asking) this.#asked.delete(path);
    }
  }

  #keep({ what, path }: FileQuestion, answer: unknown): void {
    if (what === "way") this.#known.found(path, isWay(answer) ? answer : undefined);
    else if (!(answer instanceof Refusal)) this.#findOut(path);
    if (what === "list" && isDirectoryContent(answer)) this.#known.listed(path, answer);
  }

  #findOut(path: string): void {
    if (this.#known.isStale(path)) void this.#askOnce({ what: "way", path });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    clearTimeout(this.#idleTimer);
    for (const reader of this.#processes) reader.kill();
  }

  async #askNow(question: FileQuestion): Promise<unknown> {
    const { log } = this.#options;
    const { path } = question;
    // Repeated in case the process was killed from outside.
    for (let attempt = 0; attempt < 2 && !this.#over; attempt += 1) {
      clearTimeout(this.#idleTimer);
      const reader = this.#reader(path);
      if (reader instanceof Refusal) return reader;
      const answer = await reader.ask(question, this.#timeoutMs);
      this.#endWhenIdle(reader);
      if (answer.kind === "answer") return answer.answer;
      if (answer.kind === "ended") continue;
      log.warn("A file system hangs", { path, timeoutMs: this.#timeoutMs });
      this.#hanging.set(path, reader);
      return new Refusal(`its file system did not answer within ${this.#timeoutMs / 1000} s`);
    }
    if (!this.#over) log.error("The process that reads files ends at once", { path });
    return new Refusal("the process that reads files has ended");
  }

  #reader(path: string): ReaderProcess | Refusal {
    if (this.#hanging.has(path)) return new Refusal("its file system hangs");
    if (this.#current?.usable === true) return this.#current;
    if (this.#processes.size >= this.#maxHanging) return new Refusal("reads of other files hang");
    try {
      const reader = new ReaderProcess(this.#options.program);
      this.#current = reader;
      this.#processes.add(reader);
      void reader.gone.then(() => this.#forget(reader));
      return reader;
    } catch (failure) {
      this.#options.log.error("The process that reads files cannot be started", { failure });
      return new Refusal("the process that reads files cannot be started");
    }
  }

  #forget(reader: ReaderProcess): void {
    this.#processes.delete(reader);
    for (const [path, hanging] of this.#hanging) if (hanging === reader) this.#hanging.delete(path);
  }

  #endWhenIdle(reader: ReaderProcess): void {
    if (reader !== this.#current || !reader.idle) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => reader.kill(), idleMs).unref();
  }
}
