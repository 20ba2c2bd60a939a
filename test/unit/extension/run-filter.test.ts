import { expect, test } from "vitest";
import { fits } from "../../../extension/runs/run-filter.ts";

const running = { state: "running", outcome: null, exitCode: null } as const;
const ended = (outcome: "exited" | "cancelled" | "unknown" | "failed", exitCode: number | null = null) =>
  ({ state: "ended", outcome, exitCode }) as const;

test.each([
  [running, "running"],
  [{ ...running, state: "queued" } as const, "running"],
  [ended("exited", 0), "succeeded"],
  [ended("exited", 3), "failed"],
  [ended("failed"), "failed"],
  [ended("cancelled"), "failed"],
  [ended("unknown"), "failed"],
] as const)("%j is %s and nothing else", (run, word) => {
  for (const state of ["running", "failed", "succeeded"] as const)
    expect(fits(run, state)).toBe(state === word);
  expect(fits(run, undefined)).toBe(true);
});
