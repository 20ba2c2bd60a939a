import { expect, test } from "vitest";
import { createLog } from "../../../../../daemon/core/log.ts";
import { forgetPlan } from "../../../../../daemon/runs/durable/removal.ts";

test("a plan that a full disk does not let go of is left to the next daemon, which is no failure of the run", () => {
  const told: string[] = [];
  const log = createLog(
    () => "warn",
    (line) => told.push(line),
  );
  const forgotten: number[] = [];
  const plans = {
    save: () => undefined,
    list: () => ({ planned: [], unreadable: [] }),
    forget: (number: number) => {
      if (number === 1) throw new Error("database or disk is full");
      forgotten.push(number);
    },
  };
  expect(() => forgetPlan(1, { plans, log })).not.toThrow();
  expect(told).toEqual([expect.stringContaining("disk is full")]);
  forgetPlan(2, { plans, log });
  expect(forgotten).toEqual([2]);
  expect(told).toHaveLength(1);
});
