import { expect, test } from "vitest";
import { mended } from "../../../../../daemon/runs/record/mended-event.ts";
import type { RecordedEvent } from "../../../../../daemon/runs/record/stored-event.ts";
import { Problem } from "../../../../../protocol/problem.ts";
import { endedRun } from "../../../../support/stored-run.ts";

const at = "2026-01-02T03:04:05.006Z";
const run = endedRun("x", "web1");
const output = { seq: 2, at, kind: "output", stream: "stdout", offset: 0, noise: false } as const;

test("bytes that were recorded and cannot be read any more are a gap", () => {
  const lost = { seq: 2, at, kind: "lost", stream: "stdout", offset: 100, size: 50 } as const;
  expect(mended(lost, () => run, 9)).toEqual({
    seq: 2,
    at,
    kind: "gap",
    stream: "stdout",
    from: 100,
    to: 150,
  });
});

test("what can be read stays as it is", () => {
  for (const event of [
    { ...output, bytes: Buffer.from("x") },
    { seq: 3, at, kind: "gap", stream: "stderr", from: 0, to: 5 },
    { seq: 4, at, kind: "control", fields: { type: "status", state: "running", message: "x" } },
  ] satisfies RecordedEvent[])
    expect(mended(event, () => run, 9)).toBe(event);
});

test("for what is damaged stands what the run's row says, first, last and between", () => {
  const problem = new Problem("daemon_stopped", "Gone.").toJSON();
  const fieldsAt = (seq: number, of = run): unknown => mended({ seq, at, kind: "damaged" }, () => of, 9);
  expect(fieldsAt(1)).toMatchObject({ at, fields: { type: "init", run: { id: run.id, state: "queued" } } });
  expect(fieldsAt(5)).toMatchObject({ at, fields: { type: "status", state: "ended" } });
  expect(fieldsAt(9)).toMatchObject({ at, fields: { type: "complete", outcome: run.outcome } });
  expect(fieldsAt(8, { ...run, problem })).toMatchObject({ fields: { type: "error", problem } });
});

test("a time that is none is the run's, of an event that is none", () => {
  const event = mended({ ...output, at: "soon", bytes: Buffer.from("x") }, () => run, 9);
  expect(event).toMatchObject({ seq: 2, at: run.createdAt, kind: "control", fields: { type: "status" } });
});
