import { expect, test } from "vitest";
import { takeLines } from "../../../../daemon/core/sliced-lines.ts";

async function linesOf(text: string): Promise<[number, string][]> {
  const lines: [number, string][] = [];
  await takeLines(text, { elapsed: () => 0 }, (line, number) => void lines.push([number, line]));
  return lines;
}

test.each<[string, string[]]>([
  ["", []],
  ["\n", [""]],
  ["a", ["a"]],
  ["a\n\nb\n", ["a", "", "b"]],
  ["a\r\nb", ["a\r", "b"]],
])("the lines of %j are %j", async (text, lines) => {
  expect(await linesOf(text)).toEqual(lines.map((line, index) => [index + 1, line]));
});

test("other work has its turn while a long text is read", async () => {
  let now = 0;
  let taken = 0;
  let takenBefore: number | undefined;
  setImmediate(() => (takenBefore = taken));
  // Each line takes a millisecond.
  await takeLines("x\n".repeat(100), { elapsed: () => now }, () => {
    now += 1;
    taken += 1;
  });
  expect(taken).toBe(100);
  expect(takenBefore).toBeLessThan(100);
});
