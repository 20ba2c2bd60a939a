import * as z from "zod";
import { PromptPolicy } from "./prompt.ts";
import { AgentSocket } from "./run.ts";
import { TestStep } from "./test-step.ts";

export const HostTestRequest = z.strictObject({
  connectTimeoutMs: z.int().min(1).max(600_000).optional(),
  agentSocket: AgentSocket.nullable().default(null),
  prompts: PromptPolicy.default("fail"),
  /** Opens a new connection to the host, even if one is open. Connections to its jump hosts may be reused. */
  fresh: z.boolean().default(false),
  /** If set, the steps are reported as they are made, by `hostTest` of `GET /api/events`. */
  testId: z
    .string()
    .regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, - or _")
    .optional(),
});
export type HostTestRequest = z.infer<typeof HostTestRequest>;

/** The result of a host test; `ok` is true when a connection was opened and authenticated. */
export const HostTest = z.object({
  ok: z.literal(true),
  host: z.string(),
  reusedConnection: z.boolean(),
  connectMs: z.int().nonnegative(),
  server: z.string(),
  hostKey: z.object({ keyType: z.string(), fingerprint: z.string() }),
  cipher: z.string(),
  /** What happened to a password or passphrase given ahead of the login (`POST …/secrets`); null: none was given. */
  offeredSecret: z.enum(["kept", "refused", "untried"]).nullable(),
  /** In order; `exec` may have failed. */
  steps: z.array(TestStep),
});
export type HostTest = z.infer<typeof HostTest>;
