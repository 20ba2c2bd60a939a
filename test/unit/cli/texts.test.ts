import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readable } from "../../../cli/control/log-lines.ts";
import { nearest } from "../../../cli/nearest.ts";
import { formatSpan } from "../../../protocol/span.ts";
import { instantOf } from "../../../cli/runs/describe.ts";
import { shortIds } from "../../../cli/runs/find.ts";
import { sheet, table } from "../../../cli/table.ts";

test.each([
  ["rnu", "run"],
  ["histroy", "history"],
  ["stauts", "status"],
  ["know-hosts", "known-hosts"],
  ["--tiemout", "--timeout"],
])("%s is nearest to %s", (word, expected) => {
  const words = ["run", "history", "status", "start", "known-hosts", "--timeout", "--env"];
  expect(nearest(word, words)).toBe(expected);
});

test("nothing is near to a word of its own", () => {
  expect(nearest("frobnicate", ["run", "history"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
});

test("whatever a table shows, a row stays a line without control characters", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }))), (rows) => {
      const text = table(["A", "B"], rows, 80);
      expect(text.split("\n")).toHaveLength(rows.length + 2);
      expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test("columns are aligned by what they take on a terminal", () => {
  const rows = [
    ["日本", "x"],
    ["e\u0301", "y"],
    ["four", "z"],
  ];
  expect(table(["N", "V"], rows, 80)).toBe("N     V\n日本  x\ne\u0301     y\nfour  z\n");
});

test("what is too long for the terminal is cut with an ellipsis", () => {
  expect(table(["N", "COMMAND"], [["a", "0123456789"]], 8)).toBe("N  COMM…\na  0123…\n");
});

test("a sheet aligns its values", () => {
  expect(
    sheet([
      ["A", "1"],
      ["Long", "2\n3"],
    ]),
  ).toBe(String.raw`A     1
Long  2\n3
`);
});

test.each([
  [null, ""],
  [0.34, "0.3 ms"],
  [250.4, "250 ms"],
  [1500, "1.5 s"],
  [61_000, "1 min 1 s"],
  [3_660_000, "1 h 1 min"],
  [200_000_000, "2 days"],
])("%s ms are %s", (ms, expected) => {
  expect(formatSpan(ms)).toBe(expected);
});

test("an instant is shown in local time", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  expect(instantOf(at.toISOString())).toBe("2026-01-02 03:04:05");
});

test("ids are as short as tells them apart", () => {
  const ids = ["01a2067f-e8ac-7d45-a5da-4b9faf659456", "01a2067f-e8ac-7d46-a5da-4b9faf659456"];
  expect(ids.map(shortIds(ids))).toEqual(["01a2067f-e8ac-7d45", "01a2067f-e8ac-7d46"]);
  expect(ids.slice(1).map(shortIds(ids.slice(1)))).toEqual(["01a2067f-e8ac"]);
});

test.each([
  ['{"at":"T","level":"info","message":"Up","pid":7,"why":{"a":"b"}}', 'T info  Up pid=7 why={"a":"b"}'],
  ['{"at":"T","level":"warn","message":"a\\nb\\u001b[0m"}', String.raw`T warn  a\nb\e[0m`],
  ["Segmentation fault", "Segmentation fault"],
  ["[1]", "[1]"],
  ["null", "null"],
])("the log's line %s is shown as %s", (line, expected) => {
  expect(readable(line)).toBe(expected);
});
