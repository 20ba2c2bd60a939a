import * as z from "zod";
import { Connection, Stats } from "./stats.ts";

/** What the extension tells the dashboard: figures, or why there are none, in which case the last ones are old. */
export const ToDashboard = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("metrics"), stats: Stats, connections: z.array(Connection) }),
  z.strictObject({ type: z.literal("away"), message: z.string() }),
]);
export type ToDashboard = z.infer<typeof ToDashboard>;

/** What a person does there. */
export const FromDashboard = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("closeConnection"), id: z.string().min(1).max(200) }),
]);
export type FromDashboard = z.infer<typeof FromDashboard>;
