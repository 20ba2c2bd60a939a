import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Schedule, type ScheduleOptions } from "../../../../daemon/jobs/schedule.ts";

const plain: ScheduleOptions = {
  hosts: 10,
  concurrency: 64,
  batches: null,
  maxFailures: null,
  failFast: false,
};

/** How many hosts begin at once, as they end one after the other; `fails` says of each whether it fails. */
function waves(options: Partial<ScheduleOptions>, fails: (host: number) => boolean = () => false): number[] {
  const schedule = new Schedule({ ...plain, ...options });
  const sizes: number[] = [];
  for (let begun = schedule.begin(); begun.length > 0; begun = schedule.begin()) {
    sizes.push(begun.length);
    for (const host of begun) schedule.ended(!fails(host));
  }
  expect(schedule.over).toBe(true);
  return sizes;
}

describe("hosts begin", () => {
  test.each([
    ["all at once", {}, [10]],
    ["as many as may at once", { concurrency: 4 }, [4, 4, 2]],
    ["a canary first, and then the rest in batches", { batches: [1, "30%"] }, [1, 3, 3, 3]],
    ["in shares of all hosts, of which none is empty", { hosts: 5, batches: ["10%", "50%"] }, [1, 2, 2]],
    ["in batches that are no larger than what may run at once", { batches: [6], concurrency: 4 }, [4, 2, 4]],
    ["all, where the batch is larger than they are many", { batches: [100] }, [10]],
  ] as const)("%s", (_, options, expected) => {
    expect(waves(options)).toEqual(expected);
  });

  test.each([
    ["no further one after the first failure", { failFast: true, concurrency: 1 }, [1, 1, 1]],
    ["as long as no more have failed than may", { maxFailures: 2, concurrency: 1 }, [1, 1, 1, 1, 1]],
    [
      "as long as no larger share has failed, over all batches",
      { maxFailures: "20%", batches: [2] },
      [2, 2, 2],
    ],
    ["also where none may fail", { maxFailures: 0, batches: [5] }, [5]],
  ] as const)("%s", (_, options, expected) => {
    // The third one fails, and each after it.
    expect(waves(options, (host) => host >= 2)).toEqual(expected);
  });

  test("no more than may, each once and in order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })),
        fc.infiniteStream(fc.nat(8)),
        (hosts, concurrency, batches, choices) => {
          const schedule = new Schedule({ ...plain, hosts, concurrency, batches });
          const running: number[] = [];
          const all: number[] = [];
          while (!schedule.over) {
            const begun = schedule.begin();
            running.push(...begun);
            all.push(...begun);
            expect(running.length).toBeLessThanOrEqual(concurrency);
            expect(running.length).toBeGreaterThan(0);
            running.splice((choices.next().value ?? 0) % running.length, 1);
            schedule.ended(true);
          }
          expect(all).toEqual(Array.from({ length: hosts }, (_, index) => index));
        },
      ),
    );
  });

  test("not after a stop", () => {
    const schedule = new Schedule({ ...plain, concurrency: 2 });
    expect(schedule.begin()).toEqual([0, 1]);
    schedule.stop();
    expect(schedule.over).toBe(false);
    schedule.ended(true);
    schedule.ended(true);
    expect([schedule.begin(), schedule.over]).toEqual([[], true]);
  });
});
