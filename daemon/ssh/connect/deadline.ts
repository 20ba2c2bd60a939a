import { loopTime } from "../../core/loop-time.ts";
import type { Hop, Target } from "../../transport/remote.ts";
import { abortReason, connectTimedOut } from "../failure.ts";
import type { Stage } from "../stage.ts";

/**
 * The time limit for reaching a running command; its Problem states where the time went. Only the network's and the
 * servers' time counts: delays of this process do not.
 */
export class ConnectDeadline implements Disposable {
  /** The stage that the request is in, and at which hop. */
  at: { readonly stage: Stage; readonly hop: Hop };
  readonly #controller = new AbortController();
  readonly #target: Target;
  readonly #timeoutMs: number;
  #stopTimer: () => void = () => undefined;
  /** The time left as of `#since`. */
  #leftMs: number;
  #since = 0;
  #pauses = 0;
  #over = false;
  readonly #outer: AbortSignal;
  readonly #abort: () => void;

  constructor(target: Target, timeoutMs: number, outer: AbortSignal) {
    this.at = { stage: { at: "turn" }, hop: target };
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

  /**
   * Settles as `work` does, or rejects with the deadline's reason, whichever comes first; the other is not waited for.
   */
  bound<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { signal } = this;
      const abort = (): void => reject(abortReason(signal));
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  /** Pauses the deadline until the returned object is disposed of: while a person is asked, or the pool is full. */
  pause(): Disposable {
    this.#pauses += 1;
    if (this.#pauses === 1) {
      this.#leftMs -= loopTime.now() - this.#since;
      this.#stopTimer();
    }
    return {
      [Symbol.dispose]: () => {
        this.#pauses -= 1;
        if (this.#pauses === 0 && !this.#over) this.#run();
      },
    };
  }

  #run(): void {
    this.#stopTimer = loopTime.after(this.#leftMs, () =>
      this.#controller.abort(connectTimedOut(this.#target, this.at, this.#timeoutMs)),
    );
    this.#since = loopTime.now();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#stopTimer();
    this.#outer.removeEventListener("abort", this.#abort);
  }
}
