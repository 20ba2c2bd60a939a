import { abortReason } from "../failure.ts";

/** OpenSSH's MaxStartups begins to drop logins at 10 at once. */
const maxAtOnce = 8;

/** Lets at most 8 logins at once through to one server; the others wait in order. */
export class HandshakeGate {
  readonly #routes = new Map<string, { active: number; readonly waiting: Set<() => void> }>();

  /** Resolves with what gives the place back; rejects with the signal's reason. */
  async enter(route: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const state = this.#routes.get(route) ?? { active: 0, waiting: new Set() };
    this.#routes.set(route, state);
    if (state.active >= maxAtOnce) await turn(state.waiting, signal);
    else state.active += 1;
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (left) return;
        left = true;
        const [next] = state.waiting;
        if (next !== undefined) next();
        else state.active -= 1;
        if (state.active === 0) this.#routes.delete(route);
      },
    };
  }
}

/** The one who leaves hands its place over. */
function turn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      waiting.delete(go);
      reject(abortReason(signal));
    };
    const go = (): void => {
      waiting.delete(go);
      signal.removeEventListener("abort", abort);
      resolve();
    };
    waiting.add(go);
    signal.addEventListener("abort", abort, { once: true });
  });
}
