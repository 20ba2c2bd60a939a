import { type ChildProcess, spawn } from "node:child_process";
import { type FileQuestion, type FileRequest, isFileAnswer } from "./file-request.ts";
import { loopTime } from "./loop-time.ts";

/** How to start a reader. */
export interface ReaderProgram {
  /** The path of Node or Electron. */
  readonly runtime: string;
  /** Path of daemon/reader.ts, built or as source. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `late`: not within its time limit. `ended`: the process ended before it answered, or never started. */
export type ReaderAnswer =
  | { readonly kind: "answer"; readonly answer: unknown }
  | { readonly kind: "late" | "ended" };

/** The number of reads that may hang in one process before another read has to wait. */
const threads = 32;

/** A process that reads files. After its first late answer it only serves the questions that it already has. */
export class ReaderProcess {
  /** Resolves when the system has reaped the process; if it hangs in the kernel, perhaps never. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (answer: ReaderAnswer) => void>();
  /** The questions of this turn, sent at its end in one message: a run asks for some ten files at once. */
  #unsent: FileRequest[] = [];
  #asked = 0;
  #over = false;
  #retired = false;

  /** Throws, or is never `usable`, if the system starts no process. */
  constructor({ runtime, script, environment }: ReaderProgram) {
    this.#child = spawn(runtime, [script], {
      // A process that outlives this one must not hold any of its files open.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
      env: { ...environment, ELECTRON_RUN_AS_NODE: "1", UV_THREADPOOL_SIZE: String(threads) },
      windowsHide: true,
    });
    this.#child.unref();
    this.#child.channel?.unref();
    this.gone = new Promise((resolve) => {
      const end = (): void => {
        this.#over = true;
        for (const id of this.#pending.keys()) this.#settle(id, { kind: "ended" });
        resolve();
      };
      this.#child.once("exit", end);
      this.#child.on("error", () => {
        if (this.#child.pid === undefined) end();
      });
    });
    this.#child.on("message", (message: unknown) => {
      if (!Array.isArray(message)) return;
      for (const each of message) {
        if (isFileAnswer(each)) this.#settle(each.id, { kind: "answer", answer: each.answer });
      }
    });
  }

  /** Whether it accepts questions. */
  get usable(): boolean {
    return !this.#over && !this.#retired && this.#child.connected;
  }

  /** Whether it has answered all questions. */
  get idle(): boolean {
    return this.#pending.size === 0;
  }

  ask(question: FileQuestion, timeoutMs: number): Promise<ReaderAnswer> {
    const id = (this.#asked += 1);
    const request: FileRequest = { id, question };
    return new Promise((resolve) => {
      const stopWaiting = loopTime.after(timeoutMs, () => {
        this.#retired = true;
        this.#settle(id, { kind: "late" });
      });
      this.#pending.set(id, (answer) => {
        stopWaiting();
        resolve(answer);
      });
      if (this.#unsent.push(request) === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const requests = this.#unsent;
    this.#unsent = [];
    this.#child.send(requests, (failure) => {
      if (failure === null) return;
      // It is exiting, and its exit may be noticed later.
      this.#retired = true;
      for (const { id } of requests) this.#settle(id, { kind: "ended" });
    });
  }

  kill(): void {
    this.#retired = true;
    this.#child.kill("SIGKILL");
    if (this.#child.connected) this.#child.disconnect();
  }

  #settle(id: number, answer: ReaderAnswer): void {
    const settle = this.#pending.get(id);
    this.#pending.delete(id);
    settle?.(answer);
    if (this.#retired && this.idle && !this.#over) this.kill();
  }
}
