import * as z from "zod";

/** What has to work one after the other: all but the first and the last of them on each hop. */
export const TestStepName = z.enum([
  /** The configuration is read, and which keys there are. */
  "configure",
  "resolve",
  /** Up to the server's greeting; through the hop before, or a ProxyCommand, without `resolve`. */
  "connect",
  /** The key exchange, and whether the host key is trusted. */
  "hostKey",
  "authentication",
  /** A session, and in it a command that does nothing. */
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
    /** `reused`: a connection was open already; `skipped`: it was not tried. `note` says why. */
    state: z.enum(["running", "done", "failed", "reused", "skipped"]),
    /** Without the time that a person took to answer; null for what was not done or is not over. */
    durationMs: z.number().nonnegative().nullable(),
    /** For a person; null: nothing more is to be said. */
    note: z.string().nullable(),
  })
  .meta({ id: "TestStep" });
export type TestStep = z.infer<typeof TestStep>;
