import { expect, test } from "vitest";
import { plannedRuns } from "../../../../daemon/store/durable-runs.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

test("a start reads no other run to find the durable ones", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  for (let number = 0; number < 100; number += 1) store.create(endedRun("true", "web1"), [], undefined);
  // As a stop leaves it: SQLite then knows that there are many runs.
  database.sql.exec("ANALYZE");
  const plan = database.sql.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${plannedRuns}`).all();
  expect(plan.map(({ detail }) => detail)).toEqual([
    "SCAN durable_runs",
    "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
  ]);
});
