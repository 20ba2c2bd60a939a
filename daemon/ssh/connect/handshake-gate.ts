import { LoginThrottle } from "./login-throttle.ts";
import { WaitQueue } from "./wait-queue.ts";

/** OpenSSH's MaxStartups starts to drop logins at 10 at once. */
const maxAtOnce = 8;

interface Route {
  active: number;
  readonly waiting: WaitQueue;
}

/** Limits concurrent logins to 8 per server, and overall to what `LoginThrottle` allows; the others wait in order. */
export class HandshakeGate {
  readonly #routes = new Map<string, Route>();
  readonly #throttle: Pick<LoginThrottle, "enter">;

  constructor(throttle: Pick<LoginThrottle, "enter"> = new LoginThrottle()) {
    this.#throttle = throttle;
  }

  /** Resolves with a Disposable that frees the place; rejects with the signal's reason. */
  async enter(route: string, signal: AbortSignal): Promise<Disposable> {
    using stack = new DisposableStack();
    stack.use(await this.#enterRoute(route, signal));
    stack.use(await this.#throttle.enter(signal));
    return stack.move();
  }

  async #enterRoute(route: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const state = this.#routes.get(route) ?? { active: 0, waiting: new WaitQueue() };
    this.#routes.set(route, state);
    if (state.active >= maxAtOnce) await state.waiting.wait(signal);
    else state.active += 1;
    return once(() => {
      // Leaving passes the place on to the next in line.
      if (!state.waiting.next()) state.active -= 1;
      if (state.active === 0) this.#routes.delete(route);
    });
  }
}

/** Frees the place once, however often it is disposed of. */
function once(leave: () => void): Disposable {
  let left = false;
  return {
    [Symbol.dispose]: () => {
      if (!left) leave();
      left = true;
    },
  };
}
