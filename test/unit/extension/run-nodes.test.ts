import { expect, test } from "vitest";
import { dayGroup, resultGroup, type RunGrouping } from "../../../protocol/run-groups.ts";
import { keyOfRow, type RunNode, runNodes } from "../../../extension/runs/run-nodes.ts";
import type { Run } from "../../../protocol/run.ts";
import { endedRun } from "../../support/stored-run.ts";

// A Wednesday.
const now = new Date(2026, 2, 4, 12);

test.each([
  [new Date(2026, 2, 4), "today"],
  [new Date(2026, 2, 5), "today"],
  [new Date(2026, 2, 3, 23, 59, 59), "yesterday"],
  [new Date(2026, 2, 2), "thisWeek"],
  [new Date(2026, 2, 1, 23, 59), "lastWeek"],
  [new Date(2026, 1, 23), "lastWeek"],
  [new Date(2026, 1, 22, 23, 59), "2026-02"],
  [new Date(2025, 11, 31), "2025-12"],
])("%s is of %s", (at, group) => {
  expect(dayGroup(at.toISOString(), now)).toBe(group);
});

test("how a run ended has a name for people", () => {
  const run = endedRun("x", "web1");
  const results: [Partial<Run>, string][] = [
    [{}, "succeeded"],
    [{ exitCode: 1 }, "failed"],
    [{ outcome: "timedOut", exitCode: null }, "failed"],
    [{ outcome: "cancelled", exitCode: null }, "cancelled"],
    [{ outcome: "unknown", exitCode: null }, "unknown"],
    [{ state: "queued", outcome: null, exitCode: null }, "running"],
  ];
  for (const [change, group] of results) expect(resultGroup({ ...run, ...change })).toBe(group);
});

const at = (id: string, host: string, more: Partial<Run> = {}): Run => ({
  ...endedRun(`on ${host}`, host),
  id,
  createdAt: new Date(2026, 2, Number(id), 1).toISOString(),
  ...more,
});
const runs = [at("4", "web1"), at("3", "db1", { exitCode: 2 }), at("2", "web1")];
const pinned = [at("1", "web1", { pinned: true })];

function shown(by: RunGrouping): unknown {
  const outline = (node: RunNode): unknown =>
    node.kind === "group" ? [keyOfRow(node), ...node.children.map(outline)] : keyOfRow(node);
  return runNodes({ by, runs, pinned, jobs: [], now }).map(outline);
}

test("runs stand in groups, the pinned ones above, and every row has a key of its own", () => {
  const above = ["pinned:", "pinned:/run:1"];
  expect(shown("none")).toEqual([above, "run:4", "run:3", "run:2"]);
  expect(shown("day")).toEqual([
    above,
    ["day:today", "day:today/run:4"],
    ["day:yesterday", "day:yesterday/run:3"],
    ["day:thisWeek", "day:thisWeek/run:2"],
  ]);
  expect(shown("host")).toEqual([
    above,
    ["host:web1", "host:web1/run:4", "host:web1/run:2"],
    ["host:db1", "host:db1/run:3"],
  ]);
  expect(shown("outcome")).toEqual([
    above,
    ["outcome:failed", "outcome:failed/run:3"],
    ["outcome:succeeded", "outcome:succeeded/run:4", "outcome:succeeded/run:2"],
  ]);
  expect(shown("job")).toEqual([above, ["job:", "job:/run:4", "job:/run:3", "job:/run:2"]]);
});
