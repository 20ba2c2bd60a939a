import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnnouncementFilter, announcing } from "../../../../daemon/runs/announcement.ts";
import { cases, casesTimeout } from "../../../support/fault-figures.ts";

const token = "0123456789ab";
const source = announcing("", "bourne", token);

/** Bytes in which the announcement, and what looks like it, is not rare. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      fc
        .constantFrom(
          "h",
          "e",
          "\r\n",
          "\n",
          "hostrun-",
          "hostrun-ffff:1:\n",
          "eval 'echo ",
          "eval 'echo host",
        )
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));
const words = fc.record({
  pid: fc.integer({ min: 1, max: 4_194_304 }),
  newline: fc.constantFrom("\n", "\r\n"),
});

/** Hands `stream` over in pieces that end at `cuts`, and gives back what came out, before and with the end. */
function filtered(stream: Buffer, cuts: readonly number[]) {
  const filter = new AnnouncementFilter(token);
  const places = [...new Set([...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort(
    (a, b) => a - b,
  );
  const passed: Buffer[] = [];
  let from = 0;
  let longestHeld = 0;
  for (const to of places) {
    passed.push(filter.take(stream.subarray(from, to)));
    from = to;
    const held = to - Buffer.concat(passed).length - (filter.pid === undefined ? 0 : Infinity);
    longestHeld = Math.max(longestHeld, held);
  }
  const before = Buffer.concat(passed);
  return { pid: filter.pid, before, all: Buffer.concat([before, filter.rest()]), longestHeld };
}

const cuts = fc.oneof(
  fc.array(fc.nat(), { maxLength: 12 }),
  fc.constant(Array.from({ length: 600 }, (_, at) => at)),
);
const some = cases(2000);

describe("the announcement in a stream", { timeout: casesTimeout }, () => {
  test("is found wherever the stream is cut; all else passes in order, and nothing waits after it", () => {
    fc.assert(
      fc.property(bytes, words, bytes, cuts, (before, { pid, newline }, after, at) => {
        const stream = Buffer.concat([before, Buffer.from(`hostrun-${token}:${pid}:${newline}`), after]);
        const result = filtered(stream, at);
        expect(result.pid).toBe(pid);
        expect(result.before).toEqual(Buffer.concat([before, after]));
        expect(result.all).toEqual(result.before);
      }),
      some,
    );
  });

  test("that never comes holds back a few bytes at most, and none when the stream has ended", () => {
    fc.assert(
      fc.property(bytes, cuts, (stream, at) => {
        const result = filtered(stream, at);
        expect(result.pid).toBeUndefined();
        expect(result.all).toEqual(stream);
        expect(result.longestHeld).toBeLessThanOrEqual(source.length);
      }),
      some,
    );
  });

  test("that went wrong passes as it is, and ends the search", () => {
    const wrong = fc.constantFrom(
      "x:\n",
      ":\n",
      "12345678901:\n",
      "1:x",
      "1: \n",
      "1:\rx",
      "-1:\n",
      "${$-}: >&2\n",
    );
    fc.assert(
      fc.property(bytes, wrong, bytes, cuts, (before, what, after, at) => {
        const stream = Buffer.concat([before, Buffer.from(`hostrun-${token}:${what}`), after]);
        const result = filtered(stream, at);
        expect(result.pid).toBeUndefined();
        expect(result.all).toEqual(stream);
      }),
      some,
    );
  });

  test("is left out where bash shows it with a syntax error", () => {
    fc.assert(
      fc.property(bytes, bytes, cuts, (before, after, at) => {
        const result = filtered(Buffer.concat([before, Buffer.from(source), after]), at);
        expect(result.pid).toBeUndefined();
        expect(result.all).toEqual(Buffer.concat([before, after]));
      }),
      some,
    );
  });

  test("is not looked for after the first 64 KiB", () => {
    const filter = new AnnouncementFilter(token);
    const first = Buffer.alloc(64 * 1024 + 1, "x");
    expect(filter.take(first)).toEqual(first);
    const late = Buffer.from(`hostrun-${token}:1:\n`);
    expect(filter.take(late)).toEqual(late);
    expect(filter.pid).toBeUndefined();
  });

  test.each([
    ["announced", `hostrun-${token}:7:\n`],
    ["gone wrong", `hostrun-${token}:no`],
    ["shown", source],
  ])("tells whoever waits when it is %s", async (_how, text) => {
    const filter = new AnnouncementFilter(token);
    filter.take(Buffer.from(text));
    await filter.settled;
    expect(filter.take(Buffer.from("h")).toString()).toBe("h");
  });
});

test("a command is sent bare where nothing is known of the shell", () => {
  fc.assert(fc.property(fc.string(), (command) => announcing(command, "none", token) === command));
});
