/** What is sent along with a run to a daemon that was not asked first whether it lives. It begins the run only if both hold. */
export const startHeaders = {
  /** The process that is meant, as daemon.json names it. */
  daemon: "hostrun-daemon",
  /** By when it has to begin, in milliseconds of the machine's monotonic clock, which all its processes share. */
  beginBy: "hostrun-begin-by",
} as const;

/** The reason of the `conflict` where they do not. */
export const notBegun = "not_begun";
