import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ByteText, toBytes } from "../../../../cli/replay/byte-text.ts";

const ESC = "\u001b";

function textOf(...chunks: readonly Buffer[]): string {
  const text = new ByteText();
  return chunks.map((chunk) => text.push(chunk)).join("") + text.end();
}

it("gives back the same bytes, valid or not, wherever they are cut", () => {
  // Those with a meaning for the filter, by themselves or behind 0xc2, are not text.
  const meant = [0x88, 0x90, 0x96, 0x98, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f];
  const byte = fc.integer({ min: 0, max: 255 }).filter((value) => !meant.includes(value));
  const chunk = fc.array(byte, { maxLength: 12 }).map((values) => Buffer.from(values));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
      expect(toBytes(textOf(...chunks))).toEqual(Buffer.concat(chunks));
    }),
    { numRuns: 3000 },
  );
});

it("makes the same of text wherever it is cut", () => {
  const bytes = Buffer.from("ü 漢 😀 \u009b \u009d;é");
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(textOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(textOf(bytes));
  }
  expect(toBytes(textOf(Buffer.from("ü 漢 😀"))).toString()).toBe("ü 漢 😀");
});

it("has control characters of eight bits as such in UTF-8, and nowhere else", () => {
  expect(textOf(Buffer.from("\u009b6n"))).toBe("\u009b6n");
  // As a mere byte: “žena” in Windows-1250.
  expect(toBytes(textOf(Buffer.of(0x9e, 0x65, 0x6e, 0x61))).toString()).toBe("\ufffdena");
  // As a part of other characters: “Û”, “雛”.
  // oxlint-disable-next-line no-control-regex
  expect(textOf(Buffer.from(`Û 雛${ESC}`))).toMatch(/^[^\u0080-\u009f]+\u001b$/);
});

it("holds a character until it is whole", () => {
  const text = new ByteText();
  expect(text.push(Buffer.of(0x61, 0xf0, 0x9f))).toBe("a");
  expect(text.isWithin).toBe(true);
  expect(toBytes(text.push(Buffer.of(0x98, 0x80)))).toEqual(Buffer.from("😀"));
  expect(text.isWithin).toBe(false);
  text.push(Buffer.of(0xe6));
  expect(toBytes(text.end())).toEqual(Buffer.of(0xe6));
});
