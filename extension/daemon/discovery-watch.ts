import { existsSync, watch } from "node:fs";
import { basename } from "node:path";
import type { Places } from "../../client/places.ts";

/**
 * Waits, without polling, until another client has started the daemon, then calls `started` once. If the directory
 * cannot be watched, nothing happens: the daemon is still found when it is next needed.
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
    // It may have appeared between the last check and the start of the watch.
    queueMicrotask(look);
  } catch {
    end.abort();
  }
  return { [Symbol.dispose]: () => end.abort() };
}
