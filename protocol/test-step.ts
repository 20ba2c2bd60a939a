import * as z from "zod";

/** The steps of a test, in order; all but the first and the last are made on each hop. */
export const TestStepName = z.enum([
  /** Reads the configuration, and finds the available keys. */
  "configure",
  "resolve",
  /**
   * Up to the server's identification string; without `resolve` where it leads through the hop before, or a
   * ProxyCommand.
   */
  "connect",
  /** The key exchange, and whether the host key is trusted. */
  "hostKey",
  "authentication",
  /** Opens a session, and runs a command in it that does nothing. */
  "exec",
]);
export type TestStepName = z.infer<typeof TestStepName>;

export const TestStep = z
  .object({
    name: TestStepName,
    /** As the person calls it. */
    host: z.string(),
    /** `user@address:port` */
    hop: z.string(),
    /** `reused`: a connection was already open; `skipped`: it was not tried. `note` gives the reason. */
    state: z.enum(["running", "done", "failed", "reused", "skipped"]),
    /** Excludes the time that a person took to answer; null for what was not done or has not ended. */
    durationMs: z.number().nonnegative().nullable(),
    /** For a person; null: none. */
    note: z.string().nullable(),
  })
  .meta({ id: "TestStep" });
export type TestStep = z.infer<typeof TestStep>;
