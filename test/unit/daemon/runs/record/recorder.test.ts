import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Recorded, Recorder } from "../../../../../daemon/runs/record/recorder.ts";
import { cases, casesTimeout } from "../../../../support/fault-counts.ts";

const chunk = fc.record({
  stream: fc.constantFrom("stdout", "stderr"),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: "binary", maxLength: 10 }).map((text) => Buffer.from(text)),
    fc.constant(Buffer.from("bash: no job control in this shell\n")),
  ),
  take: fc.boolean(),
});

/** What a reader makes of the pieces: the bytes where they were, and how many are missing. */
function replay(pieces: readonly Recorded[], stream: "stdout" | "stderr") {
  let position = 0;
  let kept = Buffer.alloc(0);
  let lost = 0;
  for (const piece of pieces.filter((one) => one.stream === stream)) {
    if (piece.kind === "output") {
      expect(piece.offset).toBe(position);
      expect(piece.bytes.length).toBeGreaterThan(0);
      position += piece.bytes.length;
      kept = Buffer.concat([kept, piece.bytes]);
    } else {
      expect(piece.from).toBe(position);
      expect(piece.to).toBeGreaterThan(piece.from);
      lost += piece.to - piece.from;
      position = piece.to;
    }
  }
  return { position, kept, lost };
}

test("every byte is recorded in order up to the limit, and the rest counted and announced", {
  timeout: casesTimeout,
}, () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 40 }), fc.nat({ max: 300 }), (chunks, limit) => {
      const recorder = new Recorder(limit);
      const pieces: Recorded[] = [];
      for (const { stream, bytes, take } of chunks) {
        recorder.push(stream, bytes);
        if (take) pieces.push(...recorder.take(false));
      }
      pieces.push(...recorder.take(true));
      let keptBytes = 0;
      let lostBytes = 0;
      for (const stream of ["stdout", "stderr"] as const) {
        const sent = Buffer.concat(chunks.filter((one) => one.stream === stream).map(({ bytes }) => bytes));
        const { position, kept, lost } = replay(pieces, stream);
        expect(position).toBe(sent.length);
        expect(recorder.receivedBytes(stream)).toBe(sent.length);
        expect(recorder.sha256()[stream]).toBe(createHash("sha256").update(sent).digest("hex"));
        if (lost === 0) expect(kept.equals(sent)).toBe(true);
        keptBytes += kept.length;
        lostBytes += lost;
      }
      // What is too much of the end is dropped from the record later; see record-limit.test.ts.
      expect(keptBytes - recorder.excessBytes).toBeLessThanOrEqual(limit);
      expect(recorder.truncatedBytes).toBe(lostBytes);
      if (limit >= keptBytes + lostBytes) expect(lostBytes).toBe(0);
    }),
    cases(1000),
  );
});

test("pieces that could not be written are announced as a gap", () => {
  const recorder = new Recorder(1000);
  recorder.push("stdout", Buffer.from("abc"));
  const lost = recorder.take(false);
  recorder.giveUp(lost, false);
  recorder.push("stdout", Buffer.from("def"));
  const pieces = recorder.take(true);
  expect(pieces).toMatchObject([
    { kind: "gap", from: 0, to: 3 },
    { kind: "output", offset: 3 },
  ]);
  expect(recorder.truncatedBytes).toBe(3);
});

test("a long chunk is recorded where it lies; one that would keep much else in memory is copied, and so are short ones", () => {
  const recorder = new Recorder(1_000_000);
  const long = Buffer.alloc(20_000, "long");
  const partOfMore = Buffer.alloc(100_000, "part").subarray(0, 20_000);
  const short = Buffer.alloc(1000, "short");
  const pieces = [long, partOfMore, short].flatMap((each) => {
    recorder.push("stdout", each);
    return recorder.take(false).flatMap((piece) => (piece.kind === "output" ? [piece.bytes] : []));
  });
  expect(pieces.map(String)).toEqual([long, partOfMore, short].map(String));
  expect(pieces.map(({ buffer }, index) => buffer === [long, partOfMore, short][index]?.buffer)).toEqual([
    true,
    false,
    false,
  ]);
});
