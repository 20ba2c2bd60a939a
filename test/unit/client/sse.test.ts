import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SseParser } from "../../../client/sse.ts";
import { Problem } from "../../../protocol/problem.ts";

/** Cuts `bytes` at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...places, bytes.length].map((place, index) => bytes.subarray(places[index - 1] ?? 0, place));
}

function parse(chunks: readonly Buffer[], parser = new SseParser()) {
  return chunks.flatMap((chunk) => parser.push(chunk));
}

const text = fc.string({ unit: "grapheme" }).map((value) => value.replaceAll(/[\r\n\0]/g, "~"));
const message = fc.record({
  id: text,
  event: fc.option(
    text.filter((name) => name !== ""),
    { nil: undefined },
  ),
  data: fc.array(text, { minLength: 1, maxLength: 4 }),
  comment: fc.option(text, { nil: undefined }),
  end: fc.constantFrom("\n", "\r\n", "\r"),
  space: fc.boolean(),
});

test("messages come out as they went in, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat()), fc.boolean(), (messages, cuts, bom) => {
      const lines = messages.map(({ id, event, data, comment, end, space }) => {
        const field = (name: string, value: string): string =>
          `${name}:${space || value.startsWith(" ") ? " " : ""}${value}${end}`;
        return [
          comment === undefined ? "" : `:${comment}${end}`,
          field("id", id),
          event === undefined ? "" : field("event", event),
          ...data.map((line) => field("data", line)),
          `unknown${end}${end}`,
        ].join("");
      });
      const bytes = Buffer.from((bom ? "\ufeff" : "") + lines.join(""));
      expect(parse(pieces(bytes, cuts))).toEqual(
        messages.map(({ id, event = "message", data }) => ({ id, event, data: data.join("\n") })),
      );
    }),
    { numRuns: 500 },
  );
});

test("every byte alone gives the same as all at once", () => {
  const bytes = Buffer.from("id: a.1\r\ndata: één\r\ndata: 😀\r\n\r\n: ping\n\ndata\n\nid: a.2\rdata: x\r\r");
  const expected = [
    { id: "a.1", event: "message", data: "één\n😀" },
    { id: "a.1", event: "message", data: "" },
    { id: "a.2", event: "message", data: "x" },
  ];
  expect(parse([bytes])).toEqual(expected);
  expect(parse(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(expected);
});

test("a message without its blank line is not given out", () => {
  expect(parse([Buffer.from("id: 1\ndata: half\n")])).toEqual([]);
});

test("an id with a NUL is ignored, as the standard says", () => {
  expect(parse([Buffer.from("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n")]).map(({ id }) => id)).toEqual([
    "1",
    "1",
  ]);
});

test.each([
  ["one line", "data: 0123456789"],
  ["one line that ends", "data: 0123456789\n"],
  ["many lines", "data: 0\n".repeat(4)],
])("a message that is too large is refused: %s", (_, bytes) => {
  const parser = new SseParser(12);
  expect(() => parse([Buffer.from(bytes)], parser)).toThrow(Problem);
});

test("the limit is for a message, not for the stream, and comments do not add up", () => {
  const parser = new SseParser(12);
  const bytes = Buffer.from("data: 012345\n\n: 0123456789\n: 0123456789\n\n".repeat(50));
  expect(parse([bytes], parser)).toHaveLength(50);
});

test("a long line in many chunks is not copied again and again", () => {
  const parser = new SseParser();
  const chunk = Buffer.alloc(64, "x");
  parser.push(Buffer.from("data: "));
  const before = performance.now();
  for (let sent = 0; sent < 8 * 1024 * 1024; sent += chunk.length) parser.push(chunk);
  const [only] = parser.push(Buffer.from("\n\n"));
  expect(only?.data).toHaveLength(8 * 1024 * 1024);
  // Copying at every chunk would move 512 GiB.
  expect(performance.now() - before).toBeLessThan(5000);
});
