import { expect, test } from "vitest";
import { isWorthNotice } from "../../../extension/terminal/worth-notice.ts";
import { run } from "../../support/panel-messages.ts";

const ended = (
  outcome: "exited" | "failed" | "timedOut" | "cancelled" | "unknown",
  exitCode: number | null,
  totalMs: number,
) => ({
  outcome,
  exitCode,
  timings: { ...run.timings, totalMs },
});

test.each([
  ["a short success", ended("exited", 0, 9999), [false, false, false, true]],
  ["a long success", ended("exited", 0, 10_000), [false, false, true, true]],
  ["an exit status", ended("exited", 3, 1), [false, true, true, true]],
  ["a failure", ended("failed", null, 1), [false, true, true, true]],
  ["a time-out", ended("timedOut", null, 1), [false, true, true, true]],
  ["an unknown ending", ended("unknown", null, 1), [false, true, true, true]],
  ["what was cancelled", ended("cancelled", null, 60_000), [false, false, false, false]],
])("%s", (_, end, expected) => {
  const settings = ["never", "failed", "long", "always"] as const;
  expect(settings.map((setting) => isWorthNotice(end, setting))).toEqual(expected);
});
