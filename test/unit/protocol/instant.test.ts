import { expect, test } from "vitest";
import { parseInstant } from "../../../protocol/instant.ts";

const now = new Date(2026, 2, 1, 12, 30, 15);

test.each([
  ["now", now],
  ["today", new Date(2026, 2, 1)],
  ["yesterday", new Date(2026, 1, 28)],
  ["Yesterday", new Date(2026, 1, 28)],
  ["90s", new Date(2026, 2, 1, 12, 28, 45)],
  ["10m", new Date(2026, 2, 1, 12, 20, 15)],
  ["2h", new Date(2026, 2, 1, 10, 30, 15)],
  ["2 hours ago", new Date(2026, 2, 1, 10, 30, 15)],
  ["3 days ago", new Date(2026, 1, 26, 12, 30, 15)],
  ["1w", new Date(2026, 1, 22, 12, 30, 15)],
  ["9:05", new Date(2026, 2, 1, 9, 5)],
  ["2026-01-31", new Date(2026, 0, 31)],
  ["2024-02-29", new Date(2024, 1, 29)],
  ["2026-01-31 08:00", new Date(2026, 0, 31, 8)],
  ["2026-01-31T12:00:00Z", new Date(Date.UTC(2026, 0, 31, 12))],
])("%s is %s", (text, expected) => {
  expect(parseInstant(text, now)).toBe(expected.toISOString());
});

test.each([
  "",
  "soon",
  "2",
  "5 parsecs ago",
  "25:00",
  "2026-13-01",
  "2026-01-31x",
  "999999w",
  "2026-02-29",
  "2026-02-30",
  "2026-04-31T08:00",
  "2026-04-31T12:00:00Z",
])("%j is no time", (text) => {
  expect(parseInstant(text, now)).toBeUndefined();
});
