import * as z from "zod";
import { Connection, Stats } from "./stats.ts";

/**
 * Messages from the extension to the dashboard: metrics, or the reason why there are none, in which case those shown
 * are stale.
 */
export const ToDashboard = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("metrics"), stats: Stats, connections: z.array(Connection) }),
  z.strictObject({ type: z.literal("away"), message: z.string() }),
]);
export type ToDashboard = z.infer<typeof ToDashboard>;

/** Messages from the dashboard to the extension. */
export const FromDashboard = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("closeConnection"), id: z.string().min(1).max(200) }),
]);
export type FromDashboard = z.infer<typeof FromDashboard>;
