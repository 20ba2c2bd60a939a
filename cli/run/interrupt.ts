import { constants } from "node:os";
import { warn } from "../console.ts";

const watched = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Shown when a person presses Ctrl-C. */
export function warnCancelling(): void {
  if (process.stderr.isTTY) warn("Cancelling; press Ctrl-C again to stop waiting.");
}

/** Shown when they press it again. `shows`: the command that shows the result. */
export function warnDetached(shows = "hostrun history"): void {
  if (process.stderr.isTTY)
    warn(`Detached. The command is still being cancelled; \`${shows}\` shows its result.`);
}

/**
 * Calls `stop` on the first signal that asks this process to end; the second one calls `left` and ends the process at
 * once. `status` is the exit status for the first signal (130 for Ctrl-C). Disposing removes the listeners.
 */
export function onInterrupt(
  stop: () => void,
  left: () => void = () => undefined,
): Disposable & { readonly status: number | undefined } {
  let status: number | undefined;
  const listeners = watched.map((name) => {
    const listener = (): void => {
      const own = 128 + constants.signals[name];
      if (status !== undefined) {
        left();
        process.exit(own);
      }
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
