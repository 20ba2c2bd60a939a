import * as z from "zod";
import { HostKeyPolicy, HostName, Port, UserName } from "../../protocol/host.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import type { DurablePlan, DurablePlans, PlannedRun } from "../runs/durable/plan.ts";
import type { Database } from "./database.ts";
import { roomFor } from "./room.ts";
import { fromRow, type RunRow } from "./run-row.ts";
import { storedJson } from "./stored-row.ts";

/** Where and as whom is never guessed; a policy that is not known is the strictest. */
const Hop = z.object({
  name: z.string(),
  address: HostName,
  port: Port,
  user: UserName,
  identityFiles: z.array(z.string()).default([]),
  identitiesOnly: z.boolean().default(false),
  hostKeyPolicy: HostKeyPolicy.catch("strict"),
});
const size = z.number().nonnegative();
const Plan = z.object({
  target: Hop.extend({ jump: z.array(Hop) }),
  agentSocket: z.string().nullable().default(null),
  connectTimeoutMs: z.number().positive().default(defaultSettings.connectTimeoutMs),
  timeoutMs: size.default(defaultSettings.commandTimeoutMs),
  recordLimitBytes: size.default(67_108_864),
  directory: z.string().nullable().default(null),
}) satisfies z.ZodType<DurablePlan>;

/** The plans of durable runs in SQLite. */
export function createDurablePlans({ sql, damage }: Database): DurablePlans {
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
    list: () => {
      const planned: PlannedRun[] = [];
      const unreadable: number[] = [];
      for (const row of all.all()) {
        const stored = fromRow(row, damage);
        const plan = Plan.safeParse(storedJson(row.plan));
        if (stored !== undefined && plan.success) planned.push({ ...stored, plan: plan.data });
        else {
          unreadable.push(row.number);
          damage.tell("durable_runs", row.number);
        }
      }
      return { planned, unreadable };
    },
  };
}
