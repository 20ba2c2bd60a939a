import { expect, test } from "vitest";
import { JobPace } from "../../../../cli/jobs/job-pace.ts";
import type { JobEvent } from "../../../../protocol/job-event.ts";
import { endedRun } from "../../../support/stored-run.ts";

const ids = Array.from({ length: 20 }, (_, index) => `run-${index}`);

function begun(runId: string): JobEvent {
  return { type: "init", runId, timestamp: "2026-11-26T12:00:00.000Z", run: endedRun("true", runId) };
}

function ended(runId: string, outcome: "exited" | "failed", durationMs: number): JobEvent {
  const none = {
    stopConfirmed: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncatedBytes: 0,
    sha256: { stdout: null, stderr: null },
  };
  const timestamp = "2026-11-26T12:00:00.000Z";
  return { type: "complete", runId, timestamp, outcome, exitCode: 0, signal: null, durationMs, ...none };
}

/** Ten at once, of twenty; the first `count` have ended after 20 s each. */
function paceAt(count: number, batches: [number] | null = null): JobPace {
  const options = { concurrency: 10, failFast: false, batches, maxFailures: null };
  const pace = new JobPace({ hosts: ids, options });
  for (const [index, runId] of ids.slice(0, 10 + count).entries()) {
    pace.take(begun(runId), index < 10 ? 0 : 20_000);
  }
  for (const runId of ids.slice(0, count)) pace.take(ended(runId, "exited", 20_000), 20_000);
  return pace;
}

test("time to go is told once enough hosts have ended", () => {
  expect(paceAt(4).toGo(20_000)).toBeUndefined();
  expect(paceAt(10).toGo(20_000)).toBe("about 20 s to go");
  expect(paceAt(10).toGo(31_000)).toBe("about 10 s to go");
  expect(paceAt(10, [10]).toGo(20_000)).toBeUndefined();
});

test("hosts that could not be reached say nothing of the others", () => {
  const pace = paceAt(0);
  for (const runId of ids.slice(0, 10)) pace.take(ended(runId, "failed", 10), 10);
  expect(pace.toGo(10)).toBeUndefined();
});
