import { expect, test } from "vitest";
import { JobChanges } from "../../../../daemon/jobs/job-changes.ts";
import { countsOf } from "../../../../daemon/jobs/job-counts.ts";
import { type Job, JobRequest } from "../../../../protocol/job.ts";

const {
  targets,
  command,
  stdin: _stdin,
  secretEnv: _secret,
  agentSocket: _agent,
  name: _name,
  ...options
} = JobRequest.parse({ targets: ["all"], command: "true" });
const job: Job = {
  id: "one",
  name: null,
  command,
  targets,
  hosts: ["a", "b"],
  options,
  state: "running",
  outcome: null,
  counts: countsOf(2, [], { begun: 0, over: false }),
  skipReason: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  endedAt: null,
};
const at = (queued: number): Job => ({ ...job, counts: { ...job.counts, queued } });

test("a change is told at once, those of the next moment as one, and the end without waiting", async () => {
  const told: Job[] = [];
  const newest = Promise.withResolvers<void>();
  const changes = new JobChanges((each) => {
    told.push(each);
    if (each.counts.queued === 1) newest.resolve();
  });
  for (let queued = 1000; queued > 0; queued -= 1) changes.changed(at(queued));
  expect(told).toEqual([at(1000)]);
  await newest.promise;
  expect(told).toEqual([at(1000), at(1)]);
  changes.changed(at(0));
  const ended: Job = { ...at(0), state: "ended", outcome: "succeeded" };
  changes.changed(ended);
  expect(told.at(-1)).toEqual(ended);
  expect(told.filter(({ state }) => state === "ended")).toEqual([ended]);
});

test("jobs do not wait for one another", () => {
  const told: string[] = [];
  const changes = new JobChanges(({ id }) => told.push(id));
  for (const id of ["one", "two", "one", "two"]) changes.changed({ ...job, id });
  expect(told).toEqual(["one", "two"]);
});
