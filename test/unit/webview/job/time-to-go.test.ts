import { expect, test } from "vitest";
import { toGoLabel } from "../../../../webview/job/time-to-go.ts";
import { jobRow } from "../../../support/job-page.ts";

const ended = Array.from({ length: 10 }, (_, index) => jobRow(`web${index}`, { elapsedMs: 60_000 }));
const open = { state: "running", outcome: null, exitCode: null, elapsedMs: 30_000 } as const;
const waiting = { ...open, state: "queued", runId: null, elapsedMs: null } as const;

test("the time to go is of those that run and those that wait, and nothing where batches wait", () => {
  const rows = [...ended, jobRow("a", open), jobRow("b", waiting)];
  expect(toGoLabel(rows, 1)).toBe("about 2 min to go");
  expect(toGoLabel(rows, 2)).toBe("about 1 min to go");
  expect(toGoLabel(rows, null)).toBe("");
  expect(toGoLabel(ended, 2)).toBe("");
  expect(
    toGoLabel([...ended.map((row) => ({ ...row, outcome: "failed" as const })), jobRow("a", open)], 2),
  ).toBe("");
});
