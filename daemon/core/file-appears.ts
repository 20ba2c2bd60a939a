import { existsSync, watch } from "node:fs";
import { dirname } from "node:path";

/** For when the system provides no watch (a limit of inotify). */
const pollMs = 50;

/** Resolves once something exists at `path`, whose directory must exist. Rejects with the signal's reason. */
export async function fileAppears(path: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  using stack = new DisposableStack();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void =>
    reject(signal.reason instanceof Error ? signal.reason : new Error("given up", { cause: signal.reason }));
  signal.addEventListener("abort", abort, { once: true });
  stack.defer(() => signal.removeEventListener("abort", abort));
  const look = (): void => {
    if (existsSync(path)) resolve();
  };
  const poll = (): void => {
    const timer = setInterval(look, pollMs);
    stack.defer(() => clearInterval(timer));
  };
  try {
    const watcher = watch(dirname(path), look);
    watcher.once("error", poll);
    stack.defer(() => watcher.close());
  } catch {
    poll();
  }
  look();
  await promise;
}
