import { existsSync, watch } from "node:fs";
import { basename } from "node:path";
import type { Places } from "../../client/places.ts";

/**
 * Waits without polling until another client has started the daemon, and then calls `started`, once. Where the
 * directory cannot be watched nothing happens: the daemon is found all the same when something is asked of it.
 */
export function watchForDaemon({ directory, discovery }: Places, started: () => void): Disposable {
  const end = new AbortController();
  const look = (): void => {
    if (end.signal.aborted || !existsSync(discovery)) return;
    end.abort();
    started();
  };
  try {
    const watcher = watch(directory, { persistent: false, signal: end.signal });
    watcher.on("change", (_event, name) => {
      if (name === basename(discovery)) look();
    });
    watcher.on("error", () => end.abort());
    // It may have come between the last look and the first watch.
    queueMicrotask(look);
  } catch {
    end.abort();
  }
  return { [Symbol.dispose]: () => end.abort() };
}
