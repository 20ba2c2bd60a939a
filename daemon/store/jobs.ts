import type { Job, JobRunQuery, JobRunSort } from "../../protocol/job.ts";
import { Job as JobSchema } from "../../protocol/job.ts";
import { Outcome, RunState } from "../../protocol/run.ts";
import type { JobRun, JobStore } from "../jobs/job-store.ts";
import type { Database } from "./database.ts";
import { createKeyTable } from "./idempotency-keys.ts";
import { fromRow, type RunRow } from "./run-row.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { storedJson } from "./stored-row.ts";

interface JobRow {
  readonly number: number;
  readonly id: string;
  readonly name: string | null;
  readonly command: string;
  readonly targets: string;
  readonly hosts: string;
  readonly options: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly counts: string;
  readonly skip_reason: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

interface JobRunRow {
  readonly id: string;
  readonly host: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly exitCode: number | null;
}

const failedFirst = `CASE WHEN state <> 'ended' THEN 1 WHEN outcome = 'exited' AND exit_code = 0 THEN 2 ELSE 0 END`;
const orders: Readonly<Record<JobRunSort, string>> = {
  created: "number",
  host: "host_name, number",
  exitCode: "exit_code, number",
  duration:
    "coalesce(json_extract(CASE WHEN json_valid(timings) THEN timings ELSE '{}' END, '$.totalMs'), 0) DESC, number",
  failures: `${failedFirst}, number`,
};

const insertJob = `INSERT INTO jobs
  (id, name, command, targets, hosts, options, state, outcome, counts, skip_reason, created_at, started_at, ended_at) VALUES
  (@id, @name, @command, @targets, @hosts, @options, @state, @outcome, @counts, @skip_reason, @created_at, @started_at, @ended_at)`;

/** Jobs in SQLite. A row that cannot be read is left out and reported. */
export function createJobStore({ sql, damage, reserve }: Database): JobStore {
  const insert = sql.prepare<[object]>(insertJob);
  const update = sql.prepare<
    [object]
  >(`UPDATE jobs SET state = @state, outcome = @outcome, counts = @counts, skip_reason = @skip_reason,
    started_at = @started_at, ended_at = @ended_at WHERE id = @id`);
  const byId = sql.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const page = sql.prepare<[number, number], JobRow>(
    "SELECT * FROM jobs WHERE number < ? ORDER BY number DESC LIMIT ?",
  );
  const open = sql.prepare<[], JobRow>("SELECT * FROM jobs WHERE state <> 'ended' ORDER BY number");
  const runs = sql.prepare<[string], JobRunRow>(
    "SELECT id, host_name AS host, state, outcome, exit_code AS exitCode FROM runs WHERE job_id = ? ORDER BY number",
  );
  const forget = sql.prepare(
    "DELETE FROM jobs WHERE state = 'ended' AND NOT EXISTS (SELECT 1 FROM runs WHERE job_id = jobs.id)",
  );
  const keys = createKeyTable(sql);
  const create = sql.transaction<JobStore["create"]>((job, key) => {
    // Without reserved space, none of its runs could be recorded.
    reserve.demand();
    insert.run(rowOf(job));
    if (key !== undefined) keys.insert({ ...key, madeId: job.id, createdAt: job.createdAt });
  });
  const read = (row: JobRow): Job[] => {
    const job = jobOf(row);
    if (job === undefined) damage.report("jobs", row.number);
    return job === undefined ? [] : [job];
  };
  return {
    keyOf: keys.keyOf,
    create: (job, key) => mapStorageErrors(() => create(job, key)),
    update: (job) => mapStorageErrors(() => void update.run(rowOf(job))),
    get: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : read(row)[0];
    },
    list: (limit, before) => {
      const rows = page.all(before ?? Number.MAX_SAFE_INTEGER, limit + 1);
      const shown = rows.slice(0, limit);
      return { jobs: shown.flatMap(read), before: rows.length > limit ? shown.at(-1)?.number : undefined };
    },
    listOpen: () => open.all().flatMap(read),
    runs: (id) => runs.all(id).map(jobRunOf),
    listRuns: (id, query) => {
      const { sort, ...values } = query;
      const rows = sql
        .prepare<[object], RunRow>(
          `SELECT * FROM runs WHERE ${restriction(query)} ORDER BY ${orders[sort]} LIMIT @limit OFFSET @offset`,
        )
        .all({ id, ...values });
      return rows.flatMap((row) => fromRow(row, damage) ?? []);
    },
    forgetEmpty: () => void forget.run(),
  };
}

function restriction({ state, outcome, exitCode }: JobRunQuery): string {
  const conditions = ["job_id = @id"];
  if (state !== undefined) conditions.push("state = @state");
  if (outcome !== undefined) conditions.push("outcome = @outcome");
  if (exitCode !== undefined) conditions.push("exit_code = @exitCode");
  return conditions.join(" AND ");
}

function rowOf(job: Job): Omit<JobRow, "number"> {
  return {
    id: job.id,
    name: job.name,
    command: job.command,
    targets: JSON.stringify(job.targets),
    hosts: JSON.stringify(job.hosts),
    options: JSON.stringify(job.options),
    state: job.state,
    outcome: job.outcome,
    counts: JSON.stringify(job.counts),
    skip_reason: job.skipReason,
    created_at: job.createdAt,
    started_at: job.startedAt,
    ended_at: job.endedAt,
  };
}

function jobOf(row: JobRow): Job | undefined {
  return JobSchema.safeParse({
    id: row.id,
    name: row.name,
    command: row.command,
    targets: storedJson(row.targets),
    hosts: storedJson(row.hosts),
    options: storedJson(row.options),
    state: row.state,
    outcome: row.outcome,
    counts: storedJson(row.counts),
    skipReason: row.skip_reason,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }).data;
}

/** If a run's ending cannot be read, it becomes unknown. */
function jobRunOf({ id, host, state, outcome, exitCode }: JobRunRow): JobRun {
  return {
    id,
    host,
    state: RunState.catch("ended").parse(state),
    outcome: Outcome.nullable().catch("unknown").parse(outcome),
    exitCode,
  };
}
