import type { Hop, Target } from "../../transport/remote.ts";
import { abortReason, connectTimedOut } from "../failure.ts";

/** The time that a request has for its way to a running command; says where the time went. */
export class ConnectDeadline implements Disposable {
  /** What the request waits for, as in "it was …", and at which hop. */
  at: { readonly stage: string; readonly hop: Hop };
  readonly #controller = new AbortController();
  readonly #target: Target;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** What is left of the time, as of `#since`. */
  #leftMs: number;
  #since = 0;
  #pauses = 0;
  #over = false;
  readonly #outer: AbortSignal;
  readonly #abort: () => void;

  constructor(target: Target, timeoutMs: number, outer: AbortSignal) {
    this.at = { stage: "waiting for its turn", hop: target };
    this.#outer = outer;
    this.#abort = () => this.#controller.abort(outer.reason);
    if (outer.aborted) this.#abort();
    outer.addEventListener("abort", this.#abort, { once: true });
    this.#target = target;
    this.#timeoutMs = timeoutMs;
    this.#leftMs = timeoutMs;
    this.#run();
  }

  /** Aborted with a `timed_out` Problem, or with the outer signal's reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** `work`'s result, or the deadline's reason, whichever comes first; the loser is not waited for. */
  bound<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { signal } = this;
      const abort = (): void => reject(abortReason(signal));
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  /** Stands still until what it returns is disposed of, e.g. while a person is asked. */
  pause(): Disposable {
    this.#pauses += 1;
    if (this.#pauses === 1) {
      clearTimeout(this.#timer);
      this.#leftMs -= performance.now() - this.#since;
    }
    return {
      [Symbol.dispose]: () => {
        this.#pauses -= 1;
        if (this.#pauses === 0 && !this.#over) this.#run();
      },
    };
  }

  #run(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(
      () => this.#controller.abort(connectTimedOut(this.#target, this.at, this.#timeoutMs)),
      Math.max(0, this.#leftMs),
    );
  }

  [Symbol.dispose](): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#abort);
  }
}
