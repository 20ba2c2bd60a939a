import { expect, test } from "vitest";
import { systemClock } from "../../../../daemon/core/clock.ts";
import { ActiveJob } from "../../../../daemon/jobs/active-job.ts";
import { newJob } from "../../../../daemon/jobs/new-job.ts";
import { type Job, JobRequest } from "../../../../protocol/job.ts";
import { Problem } from "../../../../protocol/problem.ts";
import { endedRun } from "../../../support/stored-run.ts";

test("hosts whose runs cannot be recorded are skipped for that, and not for the failures of others", async () => {
  const request = JobRequest.parse({ targets: ["web1", "web2", "web3"], command: "true" });
  const ended = Promise.withResolvers<Job>();
  const job = new ActiveJob(newJob(request, ["web1", "web2", "web3"], systemClock.now()), request, {
    clock: systemClock,
    start: async (_job, { host }) => {
      if (host !== "web1") throw new Problem("storage_full", "The disk has no room.");
      return endedRun("x", "web1");
    },
    cancel: () => undefined,
    follow: () => () => undefined,
    changed: (now) => {
      if (now.state === "ended") ended.resolve(now);
    },
  });
  job.advance();
  expect(await ended.promise).toMatchObject({
    outcome: "failed",
    counts: { exited0: 1, queued: 0, skipped: 2 },
    skipReason: "storageFull",
  });
});
