import { truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../daemon/core/clock.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { LiveRun } from "../../daemon/runs/record/live-run.ts";
import { abandonAll } from "../../daemon/runs/terminate/abandon-all.ts";
import { createRunStore } from "../../daemon/store/runs.ts";
import type { Problem } from "../../protocol/problem.ts";
import { openTestDatabase } from "../support/database.ts";
import { openSmallDisk } from "../support/small-disk.ts";
import { queuedRun } from "../support/stored-run.ts";

const kibibyte = 1024;

/** How many of 600 runs that wait are ended in the store when a daemon stops whose disk became full. */
async function endedOnFullDisk(reserveBytes: number): Promise<number> {
  await using disk = await openSmallDisk(16);
  using database = openTestDatabase(join(disk.path, "db"));
  const store = createRunStore(database);
  const parts = { store, clock: systemClock, log: silentLog, onChange: () => undefined };
  const runs = Array.from({ length: 600 }, () => {
    const run = queuedRun("x", "web1");
    return new LiveRun(run, { key: undefined }, 1024 * kibibyte, parts);
  });
  // The log that SQLite has written already would be room, too.
  database.sql.pragma("wal_checkpoint(TRUNCATE)");
  truncateSync(join(disk.path, "db-reserve"), reserveBytes);
  disk.fill();
  const executions = runs.map((live) => ({
    stops: { abandon: (problem: Problem) => live.end({ outcome: "failed", problem }) },
  }));
  await abandonAll(executions, { store, log: silentLog });
  const stored = runs.flatMap(({ run }) => store.get(run.id) ?? []);
  const ended = stored.filter(
    ({ outcome, problem }) => outcome === "failed" && problem?.code === "daemon_stopped",
  );
  expect(ended.length + store.listOpen().length).toBe(600);
  return ended.length;
}

test("a daemon that stops on a full disk writes the ends of all runs, a few commits of which fill what is kept for them", async () => {
  expect(await endedOnFullDisk(2048 * kibibyte)).toBe(600);
});

test("and where most of that is used up, as many as there is room for", async () => {
  const ended = await endedOnFullDisk((1024 + 4 * 64) * kibibyte);
  expect(ended).toBeGreaterThan(10);
});

test("and none where nothing is left of it", async () => {
  expect(await endedOnFullDisk(1024 * kibibyte)).toBe(0);
});
