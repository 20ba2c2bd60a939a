export interface IdleMemoryParts {
  readonly memory: () => { readonly rss: number; readonly heapUsed: number };
  /** Collects all garbage, and gives what that frees back to the operating system. */
  readonly collect: () => void;
  /** The share of the time since the last call in which the event loop was busy, from 0 to 1; by default of this process. */
  readonly busy?: () => number;
}

const checkMs = 10_000;
/** While the event loop is busy for a smaller share of its time than this, the daemon is idle. */
const idleShare = 0.05;
const mebibyte = 1024 * 1024;
/** Memory must have grown by this much for a collection, which takes some 30 ms, to be worth it. */
const worthBytes = 8 * mebibyte;
/** With more in use, a collection would take longer than a person who types should wait. */
const maxHeapBytes = 64 * mebibyte;

/**
 * Gives memory back to the operating system once the daemon is idle: V8 collects garbage only when more is allocated, and
 * keeps the pages that a collection frees.
 */
export function openIdleMemory({ memory, collect, busy = busyShare() }: IdleMemoryParts): Disposable {
  let least = 0;
  const check = (): void => {
    const { rss, heapUsed } = memory();
    least = Math.min(least, rss);
    if (busy() >= idleShare || rss - least < worthBytes || heapUsed > maxHeapBytes) return;
    collect();
    least = memory().rss;
    // The collection itself does not count.
    busy();
  };
  const timer = setInterval(check, checkMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Returns the share of the time since the last call in which the event loop was busy, from 0 to 1. */
function busyShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const { utilization } = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    return utilization;
  };
}
