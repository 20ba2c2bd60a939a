/**
 * For the Node that runs the daemon. V8 lets the space of young objects grow to 64 MiB in a burst, such as a job on many hosts,
 * and never gives it back; with this it is 8 MiB, for some per cent of CPU at most.
 */
export const daemonFlags: readonly string[] = ["--max-semi-space-size=4"];
