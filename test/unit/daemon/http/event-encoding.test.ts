import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ChangeLog } from "../../../../daemon/core/changes.ts";
import { systemClock } from "../../../../daemon/core/clock.ts";
import {
  createChangeEncoder,
  createEventEncoder,
  encodedFeed,
} from "../../../../daemon/http/event-encoding.ts";
import { completeFields } from "../../../../daemon/runs/record/ending.ts";
import type { ControlFields } from "../../../../daemon/runs/record/stored-event.ts";
import { Change } from "../../../../protocol/change.ts";
import { GapEvent, OutputEvent, RunEvent } from "../../../../protocol/event.ts";
import { Problem } from "../../../../protocol/problem.ts";
import { endedRun } from "../../../support/stored-run.ts";

const at = "2026-01-02T03:04:05.006Z";
const raw = createEventEncoder("0badcafe", "run-1", true);
const shown = createEventEncoder("0badcafe", "run-1", false);

function decode(frame: Buffer): unknown {
  const match = /^id: 0badcafe\.7\ndata: ([^\n\r]*)\n\n$/.exec(frame.toString());
  return JSON.parse(match?.[1] ?? "null");
}

test("any bytes are told as they are, on one line", () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const body = Buffer.from(given);
      const stored = {
        seq: 7,
        at,
        kind: "output",
        stream: "stderr",
        offset: 5,
        noise: false,
        bytes: body,
      } as const;
      const event = OutputEvent.parse(decode(raw(stored)));
      expect(Buffer.from(event.data, event.encoding ?? "utf8").equals(body)).toBe(true);
      expect(event).toMatchObject({ runId: "run-1", timestamp: at, stream: "stderr", offset: 5 });
      // Encoded once for all readers.
      expect(shown(stored)).toBe(raw(stored));
    }),
    { numRuns: 1000 },
  );
});

test("noise is shown as so many bytes left out", () => {
  const bytes = Buffer.from("bash: no job control in this shell\n");
  const stored = { seq: 7, at, kind: "output", stream: "stderr", offset: 0, noise: true, bytes } as const;
  expect(decode(raw(stored))).toMatchObject({ data: bytes.toString() });
  expect(decode(shown(stored))).toMatchObject({ data: "", filteredBytes: bytes.length });
});

test("what is no output is told as the protocol has it, on one line", () => {
  const message = "é€😀 \u2028\n";
  const run = endedRun(message, "web1");
  const problem = new Problem("internal", message).toJSON();
  for (const fields of [
    { type: "init", run },
    { type: "status", state: "running", message },
    { type: "error", problem },
    completeFields(run, undefined),
  ] satisfies ControlFields[]) {
    const told = decode(shown({ seq: 7, at, kind: "control", fields }));
    expect(told).toEqual({ ...fields, runId: "run-1", timestamp: at });
    expect(RunEvent.parse(told)).toMatchObject({ type: fields.type });
  }
});

test("a gap says which bytes are not there", () => {
  const gap = { seq: 7, at, kind: "gap", stream: "stdout", from: 100, to: 150 } as const;
  expect(GapEvent.parse(decode(shown(gap)))).toEqual({
    type: "gap",
    runId: "run-1",
    timestamp: at,
    stream: "stdout",
    from: 100,
    to: 150,
  });
});

test("a change is told as the protocol has it, its type first, and encoded once for all readers", () => {
  const changes = new ChangeLog(systemClock);
  const feedOf = () => encodedFeed(changes.feed(undefined), createChangeEncoder(changes.epoch));
  const [one, other] = [feedOf(), feedOf()];
  expect(one.opening?.parts.toString()).toMatch(
    /^id: \w+\.0\ndata: \{"type":"reset","timestamp":"[^"\n]+"\}\n\n$/,
  );
  changes.publish({ type: "hostDeleted", id: 1, name: "é\n" });
  const [message] = one.after(one.from, 1e9);
  const [, id, data = ""] = /^id: (.*)\ndata: (.*)\n\n$/.exec(message?.parts.toString() ?? "") ?? [];
  expect(id).toBe(`${changes.epoch}.1`);
  expect(Change.parse(JSON.parse(data))).toMatchObject({ type: "hostDeleted", id: 1, name: "é\n" });
  expect(other.after(other.from, 1e9)[0]?.parts[0]).toBe(message?.parts[0]);
});
