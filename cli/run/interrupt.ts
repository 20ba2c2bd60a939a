import { constants } from "node:os";

const watched = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `stop` on the first signal that asks this process to end; the second one ends it at once. `status` is
 * the exit status that the first one stands for (130 for Ctrl-C). Disposing gives the signals back.
 */
export function onInterrupt(stop: () => void): Disposable & { readonly status: number | undefined } {
  let status: number | undefined;
  const listeners = watched.map((name) => {
    const listener = (): void => {
      const own = 128 + constants.signals[name];
      if (status !== undefined) process.exit(own);
      status = own;
      stop();
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return {
    get status() {
      return status;
    },
    [Symbol.dispose]() {
      for (const release of listeners) release();
    },
  };
}
