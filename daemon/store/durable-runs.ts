import * as z from "zod";
import { HostKeyPolicy } from "../../protocol/host.ts";
import { parseJson } from "../core/json.ts";
import type { DurablePlan, DurablePlans } from "../runs/durable/plan.ts";
import type { Database } from "./database.ts";
import { roomFor } from "./room.ts";
import { fromRow, type RunRow } from "./run-row.ts";

const Hop = z.object({
  name: z.string(),
  address: z.string(),
  port: z.number(),
  user: z.string(),
  identityFiles: z.array(z.string()),
  identitiesOnly: z.boolean(),
  hostKeyPolicy: HostKeyPolicy,
});
const Plan = z.object({
  target: Hop.extend({ jump: z.array(Hop) }),
  agentSocket: z.string().nullable(),
  connectTimeoutMs: z.number(),
  timeoutMs: z.number(),
  recordLimitBytes: z.number(),
}) satisfies z.ZodType<DurablePlan>;

/** The plans of durable runs in SQLite. */
export function createDurablePlans({ sql }: Database): DurablePlans {
  const save = sql.prepare<[number, string]>("INSERT OR REPLACE INTO durable_runs (run, plan) VALUES (?, ?)");
  const remove = sql.prepare<[number]>("DELETE FROM durable_runs WHERE run = ?");
  const all = sql.prepare<[], RunRow & { plan: string }>(
    "SELECT runs.*, plan FROM durable_runs JOIN runs ON runs.number = durable_runs.run ORDER BY run",
  );
  return {
    save: (number, plan) => {
      roomFor(() => save.run(number, JSON.stringify(plan)));
    },
    forget: (number) => {
      remove.run(number);
    },
    list: () => all.all().map((row) => ({ ...fromRow(row), plan: Plan.parse(parseJson(row.plan)) })),
  };
}
