import { type ChildProcess, spawn } from "node:child_process";
import { type FileQuestion, type FileRequest, isFileAnswer } from "./file-request.ts";
import { loopTime } from "./loop-time.ts";

/** What runs a reader. */
export interface ReaderProgram {
  /** A Node or Electron. */
  readonly runtime: string;
  /** daemon/reader.ts, as built or as it stands. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `late`: not within the time that it had. `ended`: the process ended before it answered, or never began. */
export type ReaderAnswer =
  | { readonly kind: "answer"; readonly answer: unknown }
  | { readonly kind: "late" | "ended" };

/** So many reads may hang in one process before another one has to wait behind them. */
const threads = 32;

/** A process that reads files. After the first late answer it is only there for those that it was asked before. */
export class ReaderProcess {
  /** Resolves when the system has let go of the process; of one that hangs in the kernel perhaps never. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (answer: ReaderAnswer) => void>();
  /** What was asked in this turn and is sent at its end, in one message: a run asks for some ten files at once. */
  #unsent: FileRequest[] = [];
  #asked = 0;
  #over = false;
  #retired = false;

  /** Throws, or is never `usable`, when the system starts no process. */
  constructor({ runtime, script, environment }: ReaderProgram) {
    const others = Object.entries(environment).filter(([name]) => !/^(?:NODE_OPTIONS$|HOSTRUN_)/.test(name));
    this.#child = spawn(runtime, [script], {
      // A process that outlives this one must hold nothing of it open.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
      env: { ...Object.fromEntries(others), ELECTRON_RUN_AS_NODE: "1", UV_THREADPOOL_SIZE: String(threads) },
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

  /** Whether it can be asked. */
  get usable(): boolean {
    return !this.#over && !this.#retired && this.#child.connected;
  }

  /** Whether it has answered everything. */
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
      // It ends, and its exit may be noticed later.
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
