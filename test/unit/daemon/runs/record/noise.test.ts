import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitNoise } from "../../../../../daemon/runs/record/noise.ts";

const lines = fc.constantFrom(
  "bash: no job control in this shell\n",
  "bash: cannot set terminal process group (12): Inappropriate ioctl for device\n",
  "Warning: Permanently added 'h' (ED25519) to the list of known hosts.\n",
  "bash: no job\n",
  "bash: command not found\n",
  "Warning: something else\n",
  "\n",
  "b",
  "plain text\n",
);

/** Takes bytes in as they come, cut at the given lengths, as the recorder does. */
function filter(bytes: Buffer, cuts: readonly number[]): { shown: string; all: string } {
  let held = Buffer.alloc(0);
  let atLineStart = true;
  let shown = "";
  let all = "";
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const chunk = Buffer.concat([held, bytes.subarray(from, from + cut)]);
    from += cut;
    const { pieces, held: rest } = splitNoise(chunk, atLineStart);
    for (const piece of pieces) {
      all += piece.bytes.toString("latin1");
      if (!piece.noise) shown += piece.bytes.toString("latin1");
    }
    const taken = chunk.length - rest.length;
    if (taken > 0) atLineStart = chunk[taken - 1] === 0x0a;
    held = Buffer.from(rest);
  }
  const end = held.toString("latin1");
  return { shown: shown + end, all: all + end };
}

test("cut anywhere, the same lines are left out, and nothing is lost or moved", () => {
  fc.assert(
    fc.property(
      fc.array(lines, { maxLength: 12 }),
      fc.array(fc.nat({ max: 30 }), { maxLength: 20 }),
      (parts, cuts) => {
        const text = parts.join("");
        const bytes = Buffer.from(text);
        const { shown, all } = filter(bytes, cuts);
        expect(all).toBe(text);
        expect(shown).toBe(filter(bytes, []).shown);
        const left = text
          .split(/(?<=\n)/)
          .filter(
            (line) =>
              !(
                line.endsWith("\n") &&
                /^(bash: (no job control in this shell|cannot set terminal process group)|Warning: Permanently added )/.test(
                  line,
                )
              ),
          );
        expect(shown).toBe(left.join(""));
      },
    ),
    { numRuns: 1000 },
  );
});

test("a line that goes on and on is not held back for ever", () => {
  const endless = Buffer.from(`Warning: Permanently added ${"x".repeat(600)}`);
  expect(splitNoise(endless, true).held.length).toBe(0);
  expect(
    splitNoise(Buffer.concat([endless, Buffer.from("\n")]), true).pieces.some(({ noise }) => noise),
  ).toBe(false);
});

test("what continues a line is not noise", () => {
  const { pieces } = splitNoise(Buffer.from("bash: no job control in this shell\n"), false);
  expect(pieces.map(({ noise }) => noise)).toEqual([false]);
});
