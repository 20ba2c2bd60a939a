import { expect, test } from "vitest";
import { failedHops } from "../../../extension/prompts/failed-logins.ts";
import { Change } from "../../../protocol/change.ts";

const timestamp = "2026-01-01T00:00:00.000Z";
const hop = "ann@10.0.0.5:22";
const step = { host: "web1", hop, durationMs: 1, note: null };

test("a test that fails tells at which hop, and one that works none", () => {
  const steps = (state: string) =>
    Change.parse({
      type: "hostTest",
      timestamp,
      testId: "t",
      steps: [
        { ...step, name: "connect", state: "done", hop: "ann@gate:22" },
        { ...step, name: "authentication", state },
      ],
    });
  expect(failedHops(steps("failed"))).toEqual([hop]);
  expect(failedHops(steps("done"))).toEqual([]);
});

test("what is no failure is none", () => {
  expect(failedHops(Change.parse({ type: "reset", timestamp }))).toEqual([]);
});
