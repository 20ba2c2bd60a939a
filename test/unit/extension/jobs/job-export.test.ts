import { expect, test } from "vitest";
import { noCounts } from "../../../../daemon/jobs/job-counts.ts";
import { exportJob, namesIn } from "../../../../extension/jobs/job-export.ts";
import { jobRow } from "../../../support/job-page.ts";
import type { Job } from "../../../../protocol/job.ts";

const job: Job = {
  id: "01936d6e-1111-7abc-8def-0123456789ab",
  name: null,
  command: "cat x",
  targets: ["web*"],
  hosts: ["web1", "web2", "db"],
  options: { concurrency: 64, failFast: false, batches: null, maxFailures: null },
  state: "ended",
  outcome: "failed",
  counts: noCounts,
  skipReason: null,
  createdAt: "2026-11-22T21:43:00.000Z",
  startedAt: null,
  endedAt: null,
};
const problem = "a | b";
const rows = [jobRow("web1"), jobRow("web2"), jobRow("db", { outcome: "failed", exitCode: null, problem })];
const same = { outcome: "exited", exitCode: 0, sha256: null, runId: "r", isCut: false } as const;
const groups = [{ ...same, hosts: "web[1-2]", count: 2, output: 'a "b"\n```\n' }];
const results = { job, rows, groups };

test("names are those that were folded", () => {
  expect(namesIn("db,web[01-03,7],x[1]y")).toEqual(
    ["db", "web01", "web02", "web03", "web07", "x1y"].toSpliced(4, 1, "web7"),
  );
});

test("as text each output once", () => {
  const rule = "-".repeat(15);
  expect(exportJob("text", results)).toBe(`$ cat x\n${rule}\nweb[1-2] (2)\n${rule}\na "b"\n\`\`\`\n`);
});

test("as CSV and JSON a row a host, with its output", () => {
  expect(exportJob("csv", results)).toBe(
    'host,outcome,exitCode,signal,durationMs,problem,output\nweb1,exited,0,,9,,"a ""b""\n```\n"\nweb2,exited,0,,9,,"a ""b""\n```\n"\ndb,failed,,,9,a | b,\n',
  );
  const parsed: unknown = JSON.parse(exportJob("json", results));
  expect(parsed).toMatchObject({
    job: { command: "cat x" },
    hosts: [{ output: groups[0]?.output }, {}, { output: null }],
  });
});

test("as Markdown no cell and no fence is left by what a host says", () => {
  const text = exportJob("markdown", results);
  expect(text).toContain("| db | failed |  | a \\| b |\n");
  expect(text).toContain('````\na "b"\n```\n````\n');
});
