import { expect, test } from "vitest";
import { arrange } from "../../../../webview/job/row-order.ts";
import { jobRow } from "../../../support/job-page.ts";

const rows = [
  jobRow("web10", { elapsedMs: 5 }),
  jobRow("web2", { elapsedMs: 50 }),
  jobRow("db1", { state: "running", outcome: null, exitCode: null }),
  jobRow("db2", { exitCode: 3 }),
  jobRow("db3", { outcome: "failed", exitCode: null }),
  jobRow("db4", { outcome: "skipped", exitCode: null }),
  jobRow("db5", { outcome: "cancelled", exitCode: null }),
];
const hosts = (key: "failures" | "host" | "exit" | "time", descending = false, filter = ""): string[] =>
  arrange(rows, { filter, sorting: { key, descending }, textOf: ({ host }) => host }).map(({ host }) => host);

test("what failed comes first, what ended well last; names are in the order of their numbers", () => {
  expect(hosts("failures")).toEqual(["db2", "db3", "db5", "db1", "db4", "web2", "web10"]);
});

test("by a column, either way", () => {
  expect(hosts("host", true).slice(0, 2)).toEqual(["web10", "web2"]);
  expect(hosts("exit")[2]).toBe("db2");
  expect(hosts("time", true)[0]).toBe("web2");
});

test("only what fits the filter", () => {
  expect(hosts("host", false, " WEB ")).toEqual(["web2", "web10"]);
});
