import type Sqlite from "better-sqlite3";
import type { RunStore } from "../runs/record/run-store.ts";

export interface KeyTable extends Pick<RunStore, "keyOf" | "forgetKeysBefore"> {
  insert(key: { key: string; requestSha256: string; madeId: string; createdAt: string }): void;
}

/** The run or job that each Idempotency-Key created: the column run_id holds the id of either. */
export function createKeyTable(sql: Sqlite.Database): KeyTable {
  const get = sql.prepare<[string], { requestSha256: string; madeId: string }>(
    "SELECT request_sha256 AS requestSha256, run_id AS madeId FROM idempotency_keys WHERE key = ?",
  );
  const insert = sql.prepare<[object]>(
    `INSERT OR REPLACE INTO idempotency_keys (key, request_sha256, run_id, created_at)
     VALUES (@key, @requestSha256, @madeId, @createdAt)`,
  );
  const forget = sql.prepare<[string]>("DELETE FROM idempotency_keys WHERE created_at < ?");
  return {
    insert: (key) => {
      insert.run(key);
    },
    keyOf: (key) => get.get(key),
    forgetKeysBefore: (instant) => {
      forget.run(instant);
    },
  };
}
