import { expect, test } from "vitest";
import { measuredLine } from "../../../extension/runs/event-line.ts";
import { endedRun } from "../../support/stored-run.ts";

const { timings } = endedRun("true", "web1");

test.each([
  ["its own", false, 12, "new connection, connectMs 12.0, totalMs 20.0"],
  ["another's", true, 0, "warm connection, connectMs 0.0, totalMs 20.0"],
  ["none, as a cached result", false, null, "totalMs 20.0"],
])("the connection of a run is %s", (_what, reusedConnection, connectMs, line) => {
  expect(measuredLine({ reusedConnection, timings: { ...timings, connectMs, totalMs: 20 } })).toBe(line);
});
