import { expect, test } from "vitest";
import { HostProgress } from "../../../../cli/jobs/host-progress.ts";
import type { JobEvent } from "../../../../protocol/job-event.ts";

const timestamp = "2026-01-01T00:00:00.000Z";
const output = (runId: string, data: string): JobEvent => ({
  type: "output",
  runId,
  timestamp,
  stream: "stdout",
  offset: 0,
  data,
});
const complete = (runId: string): JobEvent => ({
  type: "complete",
  runId,
  timestamp,
  outcome: "exited",
  exitCode: 0,
  signal: null,
  durationMs: 1,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncatedBytes: 0,
  stopConfirmed: null,
  sha256: { stdout: null, stderr: null },
});

test("what the hosts that go on say", () => {
  const progress = new HostProgress();
  progress.take(output("a", "\r 1"));
  progress.take(output("b", "starting\n"));
  expect(progress.text()).toBe("");
  progress.take(output("a", "2%"));
  expect(progress.text()).toBe(" at 12%");
  progress.take(output("b", `${"x".repeat(5000)}\r 80%`));
  expect(progress.text()).toBe(" at 12% to 80%");
  progress.take(complete("a"));
  expect(progress.text()).toBe(" at 80%");
  progress.take(output("b", "\rdone\n"));
  expect(progress.text()).toBe("");
});
