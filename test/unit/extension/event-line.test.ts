import { expect, test } from "vitest";
import { eventLine, measuredLine } from "../../../extension/runs/event-line.ts";
import { endedRun } from "../../support/stored-run.ts";

const { timings } = endedRun("true", "web1");

test.each([
  ["its own", false, 12, "new connection, connectMs 12.0, totalMs 20.0"],
  ["another's", true, 0, "warm connection, connectMs 0.0, totalMs 20.0"],
  ["none, as a cached result", false, null, "totalMs 20.0"],
])("the connection of a run is %s", (_what, reusedConnection, connectMs, line) => {
  expect(measuredLine({ reusedConnection, timings: { ...timings, connectMs, totalMs: 20 } })).toBe(line);
});

test.each([
  [1, "exited 0: 1 byte on stdout, 0 on stderr, 1 byte not recorded", "No longer recorded: 1 byte of stdout"],
  [
    2,
    "exited 0: 2 bytes on stdout, 0 on stderr, 2 bytes not recorded",
    "No longer recorded: 2 bytes of stdout",
  ],
])("%i bytes are said so", (bytes, ending, gap) => {
  const base = { runId: "r", timestamp: "2026-01-31T12:00:00.000Z", id: "e.1" };
  const complete = {
    ...base,
    type: "complete",
    outcome: "exited",
    exitCode: 0,
    signal: null,
    durationMs: 1,
    stdoutBytes: bytes,
    stderrBytes: 0,
    truncatedBytes: bytes,
    sha256: { stdout: null, stderr: null },
    stopConfirmed: null,
  } as const;
  expect(eventLine(complete, new Set())).toBe(ending);
  expect(eventLine({ ...base, type: "gap", stream: "stdout", from: 0, to: bytes }, new Set())).toBe(gap);
});
