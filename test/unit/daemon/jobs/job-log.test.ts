import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { JobLog, type RunRecord } from "../../../../daemon/jobs/job-log.ts";
import { controlContent } from "../../../../daemon/runs/record/stored-event.ts";

/** A run that has so many events. */
function recordOf(count: number): RunRecord {
  const message = "up";
  const events = Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    at: "2026-01-01T00:00:00.000Z",
    ...controlContent({ type: "status", state: "running", message }),
  }));
  return { after: (seq) => events.filter((event) => event.seq > seq) };
}

test("a reader is woken once for all that comes in one turn of the event loop, the end included", async () => {
  const log = new JobLog();
  const feed = log.feed({ from: 0, output: true });
  let woken = 0;
  feed.follow(() => {
    woken += 1;
  });
  for (const run of ["a", "b", "c"]) log.grown(run, recordOf(2), 2);
  expect(woken).toBe(0);
  await nextTurn();
  await nextTurn();
  expect(woken).toBe(1);
  expect(feed.after(0, 1_000_000).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  log.end({ type: "jobComplete" });
  await nextTurn();
  await nextTurn();
  expect(woken).toBe(2);
  expect(feed.after(6, 1_000_000)).toEqual([{ seq: 7, ending: { type: "jobComplete" } }]);
  expect(feed.over(7)).toBe(true);
});
