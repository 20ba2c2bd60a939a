import * as fc from "fast-check";
import { expect, test } from "vitest";
import { WorkerReader } from "../../../../daemon/worker/worker-reader.ts";

const token = "hostrun-1a2b";
const said = [
  `${token} 42 5\nab\ncd`,
  "p 1 77\n",
  "o 1 6\np 9 9\n",
  "e 1 3\nz 1",
  "c 1 70\n",
  "x 1 0 15\n",
  "z 1\n",
  "f 2 fork 11\n",
];

function read(chunks: readonly Buffer[]): unknown[] {
  const reader = new WorkerReader(token);
  const messages = chunks.flatMap((chunk) => reader.push(chunk));
  // Output comes in pieces.
  const whole: { kind: string; bytes?: string }[] = [];
  for (const message of messages) {
    const last = whole.at(-1);
    const piece = "bytes" in message ? { ...message, bytes: message.bytes.toString() } : { ...message };
    if ("bytes" in piece && last?.kind === piece.kind) last.bytes = `${last.bytes}${piece.bytes}`;
    else whole.push(piece);
  }
  return whole;
}

test("what a worker says is read wherever it is cut", () => {
  const bytes = Buffer.from(said.join(""));
  const expected = [
    { kind: "hello", pid: 42, snapshot: Buffer.from("ab\ncd") },
    { kind: "begun", run: 1, pid: 77 },
    { kind: "stdout", run: 1, bytes: "p 9 9\n" },
    { kind: "stderr", run: 1, bytes: "z 1" },
    { kind: "written", run: 1, count: 70 },
    { kind: "exited", run: 1, code: 0, signal: 15 },
    { kind: "ended", run: 1 },
    { kind: "refused", run: 2, reason: "fork 11" },
  ];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
      expect(read(chunks)).toEqual(expected);
    }),
  );
});

test.each([
  ["a word before it", "welcome\n"],
  ["another token", "hostrun-0000 42 0\n"],
  ["a no", `${token} no\n`],
  ["no length", `${token} 42\n`],
  ["a length without end", `${token} 42 ${"9".repeat(30)}\n`],
])("is no worker: %s", (_, text) => {
  expect(() => new WorkerReader(token).push(Buffer.from(text))).toThrow();
});

test.each(["q 1 1\n", "p x 1\n", "o 1 x\n", "x 1 0\n", "\n", "p".repeat(300)])(
  "is none any more: %j",
  (text) => {
    const reader = new WorkerReader(token);
    reader.push(Buffer.from(`${token} 42 0\n`));
    expect(() => reader.push(Buffer.from(text))).toThrow();
  },
);
