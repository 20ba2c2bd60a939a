import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FrameParser } from "../../../../client/frames.ts";
import { createFrameEncoder } from "../../../../daemon/http/frames.ts";
import type { ControlFields, StoredEvent } from "../../../../daemon/runs/record/stored-event.ts";

const at = "2026-01-02T03:04:05.006Z";
const view = {
  epoch: "0badcafe",
  runId: "run-1",
  raw: true,
  positions: false,
  offsets: { stdout: 0, stderr: 0 },
};
const output = (seq: number, stream: "stdout" | "stderr", offset: number, text: string): StoredEvent => ({
  seq,
  at,
  kind: "output",
  stream,
  offset,
  noise: false,
  bytes: Buffer.from(text, "latin1"),
});

/** What a reader is given, each frame by its kind and what it says. */
function given(events: readonly StoredEvent[], asked: Partial<typeof view> = {}): unknown[] {
  const encode = createFrameEncoder({ ...view, ...asked });
  const frames = new FrameParser().push(Buffer.concat(events.flatMap((event) => encode(event))));
  return frames.map(({ kind, bytes }): unknown =>
    kind === 0 ? JSON.parse(bytes.toString()) : [kind, bytes.toString("latin1")],
  );
}

test("a frame is its kind, three zero bytes, the length, and the bytes as they are", () => {
  const encode = createFrameEncoder(view);
  const bytes = Buffer.concat(encode(output(7, "stderr", 0, "\0\xff\n")));
  expect([...bytes]).toEqual([2, 0, 0, 0, 0, 0, 0, 3, 0, 255, 10]);
});

test("an event is its JSON, with its id", () => {
  const status: ControlFields = { type: "status", state: "running", message: 'é"\n' };
  expect(given([{ seq: 7, at, kind: "control", fields: status }])).toEqual([
    { id: "0badcafe.7", ...status, runId: "run-1", timestamp: at },
  ]);
});

test("shell noise is there unless it is not wanted", () => {
  const noise = { ...output(1, "stderr", 0, "bash: no job control in this shell\n"), noise: true };
  expect(given([noise])).toEqual([[2, "bash: no job control in this shell\n"]]);
  expect(given([noise, output(2, "stderr", 35, "real")], { raw: false })).toEqual([[2, "real"]]);
});

const gap = (seq: number, from: number, to: number): StoredEvent => ({
  seq,
  at,
  kind: "gap",
  stream: "stdout",
  from,
  to,
});

test("who has so many bytes of each stream is given the rest, and of a gap its rest", () => {
  const events = [output(1, "stdout", 0, "abcd"), output(2, "stderr", 0, "xy"), gap(3, 4, 9)];
  const more = [output(4, "stdout", 9, "j")];
  const rest = (stdout: number, stderr: number): unknown[] =>
    given([...events, ...more], { offsets: { stdout, stderr } });
  const lost = (from: number): unknown => ({
    id: "0badcafe.3",
    type: "gap",
    runId: "run-1",
    timestamp: at,
    stream: "stdout",
    from,
    to: 9,
  });
  expect(rest(0, 0)).toEqual([[1, "abcd"], [2, "xy"], lost(4), [1, "j"]]);
  expect(rest(3, 2)).toEqual([[1, "d"], lost(4), [1, "j"]]);
  expect(rest(6, 1)).toEqual([[2, "y"], lost(6), [1, "j"]]);
  expect(rest(9, 2)).toEqual([[1, "j"]]);
  expect(rest(10, 2)).toEqual([]);
});

test("the place and the time of output come before it, also behind noise that is left out", () => {
  const noise = { ...output(1, "stderr", 0, "bash: no job control in this shell\n"), noise: true };
  const events = [noise, output(2, "stderr", 35, "real")];
  const asked = { positions: true, raw: false };
  const place = (offset: number): unknown => [4, JSON.stringify({ offset, timestamp: at })];
  expect(given(events, asked)).toEqual([place(35), [2, "real"]]);
  expect(given(events, { ...asked, offsets: { stdout: 0, stderr: 37 } })).toEqual([place(37), [2, "al"]]);
});

interface PlainFrame {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

const someFrames = fc.array(fc.record({ kind: fc.nat(3), bytes: fc.uint8Array({ maxLength: 40 }) }));

/** What is read of frames that come in pieces of so many bytes. */
function readInPieces(
  parser: FrameParser,
  sent: readonly PlainFrame[],
  cuts: readonly number[],
): PlainFrame[] {
  const all = Buffer.concat(
    sent.map(({ kind, bytes }) => {
      const head = Buffer.from([kind, 0, 0, 0, 0, 0, 0, bytes.length]);
      return Buffer.concat([head, bytes]);
    }),
  );
  const read = [];
  let from = 0;
  for (const cut of [...cuts, all.length]) {
    read.push(...parser.push(all.subarray(from, from + cut)));
    from += cut;
  }
  return read.map(({ kind, bytes }) => ({ kind, bytes: new Uint8Array(bytes) }));
}

test("frames are read the same wherever what comes is cut", () => {
  fc.assert(
    fc.property(someFrames, fc.array(fc.nat(20)), (sent, cuts) => {
      expect(readInPieces(new FrameParser(), sent, cuts)).toEqual(sent);
    }),
  );
});

test("output that is read in pieces has every byte in its place, and other frames are whole", () => {
  fc.assert(
    fc.property(someFrames, fc.array(fc.nat(20)), (sent, cuts) => {
      const read = readInPieces(new FrameParser([1, 2]), sent, cuts);
      expect(read.flatMap(single)).toEqual(sent.flatMap(single));
    }),
  );
});

/** Output as a frame for each byte. */
function single({ kind, bytes }: PlainFrame): PlainFrame[] {
  if (kind !== 1 && kind !== 2) return [{ kind, bytes }];
  return [...bytes].map((byte) => ({ kind, bytes: Uint8Array.of(byte) }));
}

test("output that is read in pieces is given as it comes, without a copy", () => {
  const parser = new FrameParser([1]);
  parser.push(Buffer.from([1, 0, 0, 0, 0, 0]));
  parser.push(Buffer.from([0, 6]));
  const [one, two] = [Buffer.from("out"), Buffer.from("putrest")];
  expect(parser.push(one)).toEqual([{ kind: 1, bytes: one }]);
  const [piece] = parser.push(two);
  expect([piece?.bytes.toString(), piece?.bytes.byteOffset]).toEqual(["put", two.byteOffset]);
});

test("a frame larger than any is refused before it is waited for", () => {
  const head = Buffer.from([0, 0, 0, 0, 0xff, 0, 0, 0]);
  expect(() => new FrameParser().push(head)).toThrow(expect.objectContaining({ code: "protocol_error" }));
});

test("output is sent as it is recorded, without a copy", () => {
  const event = output(1, "stdout", 0, "long".repeat(20_000));
  if (event.kind !== "output") throw new Error("unreachable");
  expect(createFrameEncoder(view)(event)[1]?.buffer).toBe(event.bytes.buffer);
});
