import { constants } from "node:os";
import { warn } from "../console.ts";

const watched = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** To a person who has pressed Ctrl-C once. */
export function tellCancelling(): void {
  if (process.stderr.isTTY) warn("Cancelling; press Ctrl-C again to stop waiting.");
}

/** To one who did not wait for that. `shows`: the command that does. */
export function tellLeft(shows = "hostrun history"): void {
  if (process.stderr.isTTY)
    warn(`Detached. The command is still being cancelled; \`${shows}\` shows its result.`);
}

/**
 * Calls `stop` on the first signal that asks this process to end; the second one ends it at once, after `left`. `status`
 * is the exit status that the first one stands for (130 for Ctrl-C). Disposing gives the signals back.
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
