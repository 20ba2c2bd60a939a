import * as z from "zod";
import { HostKeyPolicy, HostName, HostTransport, Port, UserName } from "../../protocol/host.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import type { DurablePlan, DurablePlans, PlannedRemoval, PlannedRun } from "../runs/durable/plan.ts";
import type { Database } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { fromRow, type RunRow } from "./run-row.ts";
import { storedJson } from "./stored-row.ts";

const text = z.string().nullable().default(null);
const names = z.array(z.string()).default([]);
const yes = z.boolean().default(false);
const HopSettings = z.object({
  transport: HostTransport.default("auto"),
  proxyCommand: text,
  addressFamily: z.enum(["any", "inet", "inet6"]).default("any"),
  bindAddress: text,
  compression: yes,
  keepalive: z.object({ intervalMs: z.number(), countMax: z.number() }).nullable().default(null),
  login: z
    .object({
      identityAgent: text,
      defaultIdentityFiles: z.boolean().default(true),
      certificateFiles: names,
      methods: names,
      gssapi: yes,
      gssapiDelegation: yes,
      pkcs11Provider: text,
      securityKeyProvider: text,
    })
    .prefault({}),
  trust: z
    .object({
      hostKeyAlias: text,
      userKnownHostsFiles: z.array(z.string()).nullable().default(null),
      globalKnownHostsFiles: z.array(z.string()).nullable().default(null),
      revokedHostKeys: text,
      knownHostsCommand: text,
      hashKnownHosts: yes,
      requiredRsaSize: z.number().nullable().default(null),
    })
    .prefault({}),
  algorithms: z
    .object({ kex: names, ciphers: names, macs: names, hostKey: names, publicKey: names })
    .prefault({}),
  needs: z.array(z.object({ option: z.string(), value: z.string(), why: z.string() })).default([]),
});
/** Address and user are never guessed; an unknown policy becomes the strictest one. */
const Hop = z.object({
  name: z.string(),
  address: HostName,
  port: Port,
  user: UserName,
  identityFiles: z.array(z.string()).default([]),
  identitiesOnly: z.boolean().default(false),
  hostKeyPolicy: HostKeyPolicy.catch("strict"),
  settings: HopSettings.prefault({}),
});
const size = z.number().nonnegative();
const Plan = z.object({
  target: Hop.extend({ jump: z.array(Hop) }),
  agentSocket: z.string().nullable().default(null),
  connectTimeoutMs: z.number().positive().default(defaultSettings.connectTimeoutMs),
  timeoutMs: size.default(defaultSettings.commandTimeoutMs),
  recordLimitBytes: size.default(67_108_864),
  directory: z.string().nullable().default(null),
  isOwn: z.boolean().default(true),
  // A request that cannot be read must not lose the run.
  stop: z
    .object({ reason: z.enum(["cancelled", "timedOut"]), graceMs: size })
    .nullable()
    .catch(null),
  keepsFiles: z.boolean().optional(),
}) satisfies z.ZodType<DurablePlan>;

/** CROSS prevents SQLite from reading all runs and looking each up among these few, or even none. */
export const plannedRuns =
  "SELECT runs.*, plan FROM durable_runs CROSS JOIN runs ON runs.number = durable_runs.run ORDER BY run";

interface DeletedRow {
  readonly number: number;
  readonly id: string;
  readonly plan: string;
  readonly confirmed: number | null;
}

/** The days are those of the trigger that fills the table. */
const deletedRuns = `SELECT rowid AS number, id, plan, stop_confirmed AS confirmed FROM deleted_durable_runs
  WHERE deleted_at >= datetime('now', '-90 days') ORDER BY rowid`;

/** Stores the plans of durable runs in SQLite. */
export function createDurablePlans({ sql, damage }: Database): DurablePlans {
  const save = sql.prepare<[string, string]>(
    "INSERT OR REPLACE INTO durable_runs (run, plan) SELECT number, ? FROM runs WHERE id = ?",
  );
  const remove = sql.prepare<[string]>(
    "DELETE FROM durable_runs WHERE run = (SELECT number FROM runs WHERE id = ?)",
  );
  const removeDeleted = sql.prepare<[string]>("DELETE FROM deleted_durable_runs WHERE id = ?");
  const all = sql.prepare<[], RunRow & { plan: string }>(plannedRuns);
  return {
    save: (id, plan) => {
      mapStorageErrors(() => save.run(JSON.stringify(plan), id));
    },
    forget: (id) => {
      remove.run(id);
      removeDeleted.run(id);
    },
    list: () => {
      const planned: PlannedRun[] = [];
      const unreadable: string[] = [];
      for (const row of all.all()) {
        const run = fromRow(row, damage);
        const plan = Plan.safeParse(storedJson(row.plan));
        if (run !== undefined && plan.success) planned.push({ run, plan: plan.data });
        else {
          unreadable.push(row.id);
          damage.report("durable_runs", row.number);
        }
      }
      return { planned, unreadable };
    },
    listDeleted: () =>
      sql
        .prepare<[], DeletedRow>(deletedRuns)
        .all()
        .flatMap(({ number, id, plan: stored, confirmed }) => {
          const plan = Plan.safeParse(storedJson(stored));
          if (plan.success) return [removalOf(id, plan.data, confirmed)];
          damage.report("deleted_durable_runs", number);
          return [];
        }),
  };
}

/** A run that was deleted before its ending could be stored was stopped if its plan says so. */
function removalOf(id: string, plan: DurablePlan, confirmed: number | null): PlannedRemoval {
  const mayRun = confirmed === 0 || (confirmed === null && plan.stop !== null);
  return { run: { id, stopConfirmed: mayRun ? false : null }, plan };
}
