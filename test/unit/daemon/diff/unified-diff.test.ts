import { applyPatch } from "diff";
import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { type DiffSide, unifiedDiff } from "../../../../daemon/diff/unified-diff.ts";

const enough = 60_000;
/** What moved is looked for no longer than this: never. */
const none = -1;

function side(host: string, output: string | Uint8Array, more: Partial<DiffSide> = {}): DiffSide {
  const bytes = typeof output === "string" ? Buffer.from(output) : output;
  return { host, run: `run-of-${host}`, bytes, skippedBytes: 0, unrecordedBytes: 0, ...more };
}

describe("two outputs", () => {
  test("as diff -u has it", () => {
    const patch = unifiedDiff(side("web1", "a\nb\nc\n"), side("web2", "a\nB\nc"), enough);
    expect(patch).toBe(
      "--- web1\trun-of-web1\n+++ web2\trun-of-web2\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n+B\n+c\n\\ No newline at end of file\n",
    );
  });

  test("nothing where they are the same, also where they are no text", () => {
    expect(unifiedDiff(side("a", "same"), side("b", "same"), enough)).toBe("");
    expect(unifiedDiff(side("a", "\0"), side("b", "\0"), enough)).toBe("");
  });

  test("binary output is not shown", () => {
    expect(unifiedDiff(side("a", "text\n"), side("b", "\0\u0001"), enough)).toBe(
      "Binary output of a and b differs\n",
    );
  });

  test("what is not compared is told first, and an end begins with a whole line", () => {
    const end = side("a", "tial\nsame\nold\n", { skippedBytes: 3 * 1024 ** 2 });
    const cut = side("b", "same\nnew\n", { unrecordedBytes: 2048 });
    expect(unifiedDiff(end, cut, enough)).toBe(
      "# a: only the end of the output is compared, without the first 3.0 MiB.\n" +
        "# b: 2.0 KiB of the output were not recorded.\n" +
        "--- a\trun-of-a\n+++ b\trun-of-b\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n",
    );
  });

  test("too many differences: each line with the one at its place", () => {
    const patch = unifiedDiff(side("a", "1\nsame\n3\n"), side("b", "one\nsame\nthree\nfour\n"), none);
    expect(patch).toBe(
      "# They differ in too many lines to find what moved: each line is compared with the one at its place.\n" +
        "--- a\trun-of-a\n+++ b\trun-of-b\n@@ -1,1 +1,1 @@\n-1\n+one\n@@ -3,1 +3,2 @@\n-3\n+three\n+four\n",
    );
  });

  test.each([enough, none])("applied to the one it gives the other (time-out %i)", (timeoutMs) => {
    const output = array(constantFrom("a\n", "b\n", "c\n", "\n", "ü"), { maxLength: 12 }).map((parts) =>
      parts.join(""),
    );
    assert(
      property(output, output, (before, after) => {
        const patch = unifiedDiff(side("a", before), side("b", after), timeoutMs).replace(/^#.*\n/, "");
        expect(patch === "" ? before : applyPatch(before, patch)).toBe(after);
      }),
    );
  });
});
