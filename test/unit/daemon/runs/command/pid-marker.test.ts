import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PidMarkerFilter, withPidMarker } from "../../../../../daemon/runs/command/pid-marker.ts";
import { cases, casesTimeout } from "../../../../support/fault-counts.ts";

const token = "0123456789ab";
const bourne = withPidMarker({ line: "", before: "" }, "bourne", token);
const { before: source } = bourne;

/** Bytes in which the marker, and what looks like it, is not rare. */
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
          "for _h in ${",
          source.slice(0, 90),
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
  const filter = new PidMarkerFilter(token);
  filter.expect(bourne, 0, "bourne");
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

describe("the marker in a stream", { timeout: casesTimeout }, () => {
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

  test("is left out with the lines that a shell traces it by", () => {
    const traced = fc.constantFrom(
      `-> /bin/sh -c 'echo hostrun-${token}:$PPID: >&2'\n`,
      `/bin/sh -c echo hostrun-${token}:$PPID: >&2\n`,
      `${source}echo on\n`,
    );
    fc.assert(
      fc.property(bytes, traced, words, bytes, (before, trace, { pid, newline }, after) => {
        const word = `hostrun-${token}:${pid}:${newline}`;
        const said = before.toString("latin1").replace(/[^\n]*$/, "");
        const shown = trace.startsWith(source) ? "echo on\n" : "";
        const stream = Buffer.from(said + trace + word, "latin1");
        const result = filtered(Buffer.concat([stream, after]), []);
        expect(result.pid).toBe(pid);
        expect(result.all).toEqual(Buffer.concat([Buffer.from(said + shown, "latin1"), after]));
      }),
      some,
    );
  });

  test("is followed by requests for input, which are told and left out, too", () => {
    const ready = `hostrun-${token}:ready:`;
    fc.assert(
      fc.property(
        fc.tuple(bytes, bytes, bytes),
        words,
        cuts,
        ([before, between, after], { pid, newline }, at) => {
          let asked = 0;
          const filter = new PidMarkerFilter(token, () => (asked += 1));
          filter.expect(bourne, 2, "bourne");
          const parts = [`hostrun-${token}:${pid}:${newline}`, ready + newline, ready + newline];
          const others = [before, between, between, after];
          const stream = Buffer.concat(
            others.flatMap((part, index) => [part, Buffer.from(parts[index] ?? "")]),
          );
          const passed = [0, ...at.map((cut) => cut % (stream.length + 1))]
            .sort((a, b) => a - b)
            .map((from, index, all) => filter.take(stream.subarray(from, all[index + 1] ?? stream.length)));
          expect(Buffer.concat(passed)).toEqual(Buffer.concat(others));
          expect([filter.pid, asked]).toEqual([pid, 2]);
        },
      ),
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

  test.each(["fish", "csh"] as const)("is left out where %s traces it in pieces, cut anywhere", (shell) => {
    const command = withPidMarker({ line: "id", before: "" }, shell, token);
    const traced = `> ${command.line.split("\n")[0]}\n`;
    fc.assert(
      fc.property(cuts, (at) => {
        const filter = new PidMarkerFilter(token);
        filter.expect(command, 0, shell);
        const stream = Buffer.from(`${traced}hostrun-${token}:7:\n> id\n`);
        const passed = [0, ...at.map((cut) => cut % (stream.length + 1))]
          .sort((a, b) => a - b)
          .map((from, index, all) => filter.take(stream.subarray(from, all[index + 1] ?? stream.length)));
        expect(Buffer.concat([...passed, filter.rest()]).toString()).toBe("> id\n");
        expect(filter.pid).toBe(7);
      }),
      some,
    );
  });

  test("is not looked for after the first 64 KiB", () => {
    const filter = new PidMarkerFilter(token);
    const first = Buffer.alloc(64 * 1024 + 1, "x");
    expect(filter.take(first)).toEqual(first);
    const late = Buffer.from(`hostrun-${token}:1:\n`);
    expect(filter.take(late)).toEqual(late);
    expect(filter.pid).toBeUndefined();
  });

  test.each([
    ["marked", `hostrun-${token}:7:\n`],
    ["not to come any more", "x".repeat(64 * 1024 + 1)],
  ])("tells those that wait when it is %s", async (_how, text) => {
    const filter = new PidMarkerFilter(token);
    filter.take(Buffer.from(text));
    await filter.settled;
    expect(filter.take(Buffer.from("h")).toString()).toBe("h");
  });
});

test("a command is sent bare where nothing is known of the shell", () => {
  fc.assert(
    fc.property(
      fc.string(),
      (command) => withPidMarker({ line: command, before: "" }, "none", token).line === command,
    ),
  );
});
