/**
 * Headers sent with a run to a daemon that was not first checked to be alive. It starts the run only if both
 * conditions hold.
 */
export const startHeaders = {
  /** The pid of the intended daemon, as in daemon.json. */
  daemon: "hostrun-daemon",
  /**
   * The latest time at which it may start, in milliseconds of the machine's monotonic clock, which all its processes
   * share.
   */
  beginBy: "hostrun-begin-by",
} as const;

/** The `reason` of the `conflict` where they do not hold. */
export const notBegun = "not_begun";
