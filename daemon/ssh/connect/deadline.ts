import type { Hop, Target } from "../../transport/remote.ts";
import { abortReason, connectTimedOut } from "../failure.ts";

/** The time that a request has for its way to a running command; says where the time went. */
export class ConnectDeadline implements Disposable {
  /** What the request waits for, as in "it was …", and at which hop. */
  at: { readonly stage: string; readonly hop: Hop };
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;
  readonly #abort: () => void;

  constructor(target: Target, timeoutMs: number, outer: AbortSignal) {
    this.at = { stage: "waiting for its turn", hop: target };
    this.#outer = outer;
    this.#abort = () => this.#controller.abort(outer.reason);
    if (outer.aborted) this.#abort();
    outer.addEventListener("abort", this.#abort, { once: true });
    this.#timer = setTimeout(
      () => this.#controller.abort(connectTimedOut(target, this.at, timeoutMs)),
      timeoutMs,
    );
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

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#abort);
  }
}
