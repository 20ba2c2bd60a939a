import { expect, test } from "vitest";
import type { StoredEvent } from "../../../../daemon/runs/record/stored-event.ts";
import { eventOf, rowOf } from "../../../../daemon/store/event-row.ts";
import { completeFields } from "../../../../daemon/runs/record/ending.ts";
import { Problem } from "../../../../protocol/problem.ts";
import { endedRun } from "../../../support/stored-run.ts";

const at = "2026-01-02T03:04:05.006Z";
const reader = { read: () => undefined, [Symbol.dispose]: () => undefined };
const nowhere = { segment: null, position: null, size: null };
const run = endedRun("echo é€😀", "web1");

test("every event is read as it was written", () => {
  const contents = [
    { kind: "output", stream: "stderr", offset: 7, noise: true, bytes: Buffer.from([0, 255]) },
    { kind: "gap", stream: "stdout", from: 3, to: 9 },
    { kind: "control", fields: { type: "init", run } },
    { kind: "control", fields: { type: "status", state: "running", message: "x", reconnecting: true } },
    { kind: "control", fields: { type: "error", problem: new Problem("internal", "é").toJSON() } },
    { kind: "control", fields: completeFields(run, undefined) },
  ] as const;
  for (const content of contents) {
    const event: StoredEvent = { seq: 4, at, ...content };
    expect(eventOf(rowOf(event, run.id), reader)).toEqual(event);
  }
});

test("the JSON in a row is what earlier versions wrote and read", () => {
  const jsonOf = (event: StoredEvent): string => rowOf(event, "run-1").body.toString();
  const base = `"runId":"run-1","timestamp":"${at}"`;
  expect(jsonOf({ seq: 4, at, kind: "gap", stream: "stdout", from: 3, to: 9 })).toBe(
    `{"type":"gap",${base},"stream":"stdout","from":3,"to":9}`,
  );
  const fields = { type: "status", state: "running", message: "x" } as const;
  expect(jsonOf({ seq: 4, at, kind: "control", fields })).toBe(
    `{"type":"status",${base},"state":"running","message":"x"}`,
  );
});

test("what another version wrote more is kept, and what it alone knows is damaged", () => {
  const place = { seq: 4, at, stream: null, start: null, noise: 0, ...nowhere };
  const row = (json: string) => ({ ...place, body: Buffer.from(json) });
  const base = { runId: "run-1", timestamp: at };
  const more = { type: "status", state: "running", message: "x", mood: "good" };
  expect(eventOf(row(JSON.stringify({ ...base, ...more })), reader)).toMatchObject({ fields: more });
  for (const json of ["", "{", "[]", JSON.stringify({ ...base, type: "weather" }), '{"type":"gap"}'])
    expect(eventOf(row(json), reader)).toEqual({ seq: 4, at, kind: "damaged" });
});
