import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createEventEncoder } from "../../../../daemon/http/event-encoding.ts";
import { GapEvent, OutputEvent } from "../../../../protocol/event.ts";

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
      const stored = { seq: 7, at, stream: "stderr", start: 5, noise: false, body } as const;
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
  const body = Buffer.from("bash: no job control in this shell\n");
  const stored = { seq: 7, at, stream: "stderr", start: 0, noise: true, body } as const;
  expect(decode(raw(stored))).toMatchObject({ data: body.toString() });
  expect(decode(shown(stored))).toMatchObject({ data: "", filteredBytes: body.length });
});

test("an event's own JSON passes unchanged", () => {
  for (const type of ["status", "complete", "error"]) {
    const json = JSON.stringify({ type, runId: "run-1", timestamp: at, message: "é€😀 \u2028" });
    const body = Buffer.from(json);
    const message = shown({ seq: 7, at, stream: null, start: null, noise: false, body });
    expect(decode(message)).toEqual(JSON.parse(json));
  }
});

test("bytes that were recorded and cannot be read any more are a gap", () => {
  const lost = {
    seq: 7,
    at,
    stream: "stdout",
    start: 100,
    noise: false,
    body: Buffer.alloc(0),
    lostBytes: 50,
  };
  expect(GapEvent.parse(decode(shown({ ...lost, stream: "stdout" })))).toEqual({
    type: "gap",
    runId: "run-1",
    timestamp: at,
    stream: "stdout",
    from: 100,
    to: 150,
  });
});
