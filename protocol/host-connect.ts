import * as z from "zod";
import { AgentSocket } from "./run.ts";

export const HostConnectRequest = z.strictObject({
  agentSocket: AgentSocket.nullable().default(null),
  /** refuse: fails with `confirmation_required` where the host is marked as production. */
  production: z.enum(["refuse", "allow"]).default("refuse"),
});
export type HostConnectRequest = z.infer<typeof HostConnectRequest>;

/** A connection is open for the next run. */
export const HostConnect = z.object({
  host: z.string(),
  /** Whether it was open before. */
  reusedConnection: z.boolean(),
});
export type HostConnect = z.infer<typeof HostConnect>;
