import { expect, test } from "vitest";
import { withGaps } from "../../../../../daemon/runs/record/unrecorded-output.ts";
import { controlContent, type StoredEvent } from "../../../../../daemon/runs/record/stored-event.ts";

const at = "2026-01-01T00:00:00.000Z";
const output = (seq: number, stream: "stdout" | "stderr", offset: number, text: string): StoredEvent => ({
  seq,
  at,
  kind: "output",
  stream,
  offset,
  bytes: Buffer.from(text),
  noise: false,
});
const gap = (seq: number, stream: "stdout" | "stderr", from: number, to: number): StoredEvent => ({
  seq,
  at,
  kind: "gap",
  stream,
  from,
  to,
});

test("output that was not recorded is one gap a stream, under the last of its numbers, however long the disk is full", () => {
  const status: StoredEvent = {
    seq: 4,
    at,
    ...controlContent({ type: "status", state: "running", message: "Connected" }),
  };
  const first = withGaps([status], [output(5, "stdout", 10, "abc"), output(6, "stderr", 0, "x")]);
  expect(first).toEqual([status, gap(5, "stdout", 10, 13), gap(6, "stderr", 0, 1)]);
  const second = withGaps(first, [output(7, "stdout", 13, "de")]);
  expect(second).toEqual([status, gap(6, "stderr", 0, 1), gap(7, "stdout", 10, 15)]);
  // What was told between two of them keeps its place.
  const later = { ...status, seq: 8 };
  const third = withGaps([...second, later], [output(9, "stdout", 15, "f")]);
  expect(third).toEqual([...second, later, gap(9, "stdout", 15, 16)]);
  expect(withGaps(third, [])).toEqual(third);
});
