/**
 * V8 flags for the daemon. By default V8 lets the young generation grow to 64 MiB in a burst, such as a job on many
 * hosts, and never shrinks it; the first flag limits it to 8 MiB, for at most a few percent of CPU time. V8 also
 * collects a heap of 20 MiB whenever 12 MiB of buffers have been allocated, which long output reaches every 100 ms;
 * with the second flag it waits until the two together reach 48 MiB. By the third it collects again once the heap is a
 * fifth larger than what was in use, and not only when it has doubled or more: with ten thousand runs waiting, garbage
 * took more memory than they did. The last one lets an idle daemon give memory back: see daemon/core/idle-memory.ts.
 */
export const daemonFlags: readonly string[] = [
  "--max-semi-space-size=4",
  "--initial-old-space-size=48",
  "--heap-growing-percent=20",
  "--expose-gc",
];
