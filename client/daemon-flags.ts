/**
 * For the Node that runs the daemon. V8 lets the space of young objects grow to 64 MiB in a burst, such as a job on many hosts,
 * and never gives it back; with the first it is 8 MiB, for some per cent of CPU at most. It collects all of a heap of 20 MiB as soon
 * as 12 MiB of buffers were made, which of long output was every tenth of a second; with the second not before both come to 48 MiB.
 */
export const daemonFlags: readonly string[] = ["--max-semi-space-size=4", "--initial-old-space-size=48"];
