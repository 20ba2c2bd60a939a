import type { Run } from "../../protocol/run.ts";
import { type DamageReport, readStored, storedJson } from "./stored-row.ts";
import { runFallbacks, StoredRun as StoredRunSchema } from "./stored-run.ts";

export interface RunRow {
  number: number;
  id: string;
  job_id: string | null;
  host_id: number | null;
  host_name: string;
  host_address: string;
  command: string;
  options: string;
  state: string;
  outcome: string | null;
  exit_code: number | null;
  signal: string | null;
  problem: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  stdout_bytes: number;
  stderr_bytes: number;
  truncated_bytes: number;
  cached: number;
  reused_connection: number;
  stop_confirmed: number | null;
  timings: string;
  pinned: number;
  note: string | null;
}

/** Undefined for a row too damaged to be shown. All damage is reported. */
export function fromRow(row: RunRow, damage: DamageReport): Run | undefined {
  const values = {
    id: row.id,
    jobId: row.job_id,
    host: { id: row.host_id, name: row.host_name, address: row.host_address },
    command: row.command,
    options: storedJson(row.options),
    state: row.state,
    outcome: row.outcome,
    exitCode: row.exit_code,
    signal: row.signal,
    problem: row.problem === null ? null : storedJson(row.problem),
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    stdoutBytes: row.stdout_bytes,
    stderrBytes: row.stderr_bytes,
    truncatedBytes: row.truncated_bytes,
    cached: row.cached === 1,
    reusedConnection: row.reused_connection === 1,
    stopConfirmed: row.stop_confirmed === null ? null : row.stop_confirmed === 1,
    timings: storedJson(row.timings),
    pinned: row.pinned === 1,
    note: row.note,
  };
  const read = readStored(StoredRunSchema, values, runFallbacks(row.id, row.ended_at !== null));
  if (read === undefined) {
    damage.report("runs", row.number);
    return undefined;
  }
  const damaged = [...read.damaged];
  if (damaged.length === 0) return read.value;
  damage.report("runs", row.number, damaged);
  return { ...read.value, damaged };
}

/** Without pin and note, which are written separately. */
export function toRow(run: Run): Omit<RunRow, "number" | "pinned" | "note"> {
  return {
    id: run.id,
    job_id: run.jobId,
    host_id: run.host.id,
    host_name: run.host.name,
    host_address: run.host.address,
    command: run.command,
    options: JSON.stringify(run.options),
    state: run.state,
    outcome: run.outcome,
    exit_code: run.exitCode,
    signal: run.signal,
    problem: run.problem === null ? null : JSON.stringify(run.problem),
    created_at: run.createdAt,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    stdout_bytes: run.stdoutBytes,
    stderr_bytes: run.stderrBytes,
    truncated_bytes: run.truncatedBytes,
    cached: run.cached ? 1 : 0,
    reused_connection: run.reusedConnection ? 1 : 0,
    stop_confirmed: run.stopConfirmed === null ? null : Number(run.stopConfirmed),
    timings: JSON.stringify(run.timings),
  };
}

/** Columns that never change once the intent is written. */
const fixedColumns = [
  "id",
  "job_id",
  "host_id",
  "host_name",
  "host_address",
  "command",
  "options",
  "created_at",
];
const movingColumns = [
  "state",
  "outcome",
  "exit_code",
  "signal",
  "problem",
  "started_at",
  "ended_at",
  "stdout_bytes",
  "stderr_bytes",
  "truncated_bytes",
  "cached",
  "reused_connection",
  "stop_confirmed",
  "timings",
];
const columns = [...fixedColumns, ...movingColumns];

export const insertRun = `INSERT INTO runs (${columns.join(", ")})
  VALUES (${columns.map((name) => `@${name}`).join(", ")})`;
export const updateRun = `UPDATE runs SET ${movingColumns.map((name) => `${name} = @${name}`).join(", ")}
  WHERE number = @number`;
