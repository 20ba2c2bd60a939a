import { expect, test } from "vitest";
import { noCounts } from "../../../../daemon/jobs/job-counts.ts";
import { JobRows } from "../../../../extension/jobs/job-rows.ts";
import type { Job } from "../../../../protocol/job.ts";

import { run } from "../../../support/panel-messages.ts";

const job: Job = {
  id: "01936d6e-1111-7abc-8def-0123456789ab",
  name: null,
  command: "true",
  targets: ["web*"],
  hosts: ["web1", "web2"],
  options: { concurrency: 64, failFast: false, batches: null, maxFailures: null },
  state: "running",
  outcome: null,
  counts: noCounts,
  skipReason: null,
  createdAt: "2026-11-22T21:43:00.000Z",
  startedAt: null,
  endedAt: null,
};

test("a host is a row, also before it begins and when it never did", () => {
  const rows = new JobRows(job, (host) => host === "web2");
  expect(rows.all().map(({ host, state, production }) => [host, state, production])).toEqual([
    ["web1", "queued", false],
    ["web2", "queued", true],
  ]);
  rows.take({ ...run, state: "ended", outcome: "exited", exitCode: 0 });
  expect(rows.changed().map(({ host, outcome }) => [host, outcome])).toEqual([["web1", "exited"]]);
  expect(rows.changed()).toEqual([]);
  rows.takeJob({ ...job, state: "ended", outcome: "cancelled" });
  expect(rows.changed().map(({ host, outcome }) => [host, outcome])).toEqual([["web2", "skipped"]]);
});

test("an older state that comes late changes nothing", () => {
  const rows = new JobRows(job, () => false);
  rows.take({ ...run, state: "ended", outcome: "exited", exitCode: 3 });
  rows.take({ ...run, state: "running" });
  rows.takeJob({ ...job, state: "ended", outcome: "failed" });
  rows.takeJob({ ...job, state: "running" });
  expect(rows.all()[0]).toMatchObject({ state: "ended", exitCode: 3 });
  expect(rows.standing().state).toBe("ended");
});
