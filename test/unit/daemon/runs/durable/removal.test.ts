import { expect, test } from "vitest";
import { createLog } from "../../../../../daemon/core/log.ts";
import { forgetPlan } from "../../../../../daemon/runs/durable/removal.ts";

test("a plan that a full disk does not let go of is left to the next daemon, which is no failure of the run", () => {
  const told: string[] = [];
  const log = createLog(
    () => "warn",
    (line) => told.push(line),
  );
  const forgotten: string[] = [];
  const plans = {
    save: () => undefined,
    list: () => ({ planned: [], unreadable: [] }),
    listDeleted: () => [],
    forget: (id: string) => {
      if (id === "one") throw new Error("database or disk is full");
      forgotten.push(id);
    },
  };
  expect(() => forgetPlan("one", { plans, log })).not.toThrow();
  expect(told).toEqual([expect.stringContaining("disk is full")]);
  forgetPlan("two", { plans, log });
  expect(forgotten).toEqual(["two"]);
  expect(told).toHaveLength(1);
});
