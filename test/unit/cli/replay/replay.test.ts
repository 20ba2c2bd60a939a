import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Replay } from "../../../../cli/replay/replay.ts";
import { hostileOutput } from "../../../support/hostile-output.ts";

const ESC = "\u001b";
const terminal = { isTTY: true, rows: 24, columns: 80 };
const file = { isTTY: false, rows: 0, columns: 0 };
const onTerminal = { stdout: terminal, stderr: terminal };

/** The whole replay of what was printed on stdout. */
function replayed(...chunks: readonly (string | Buffer)[]): string {
  const replay = new Replay(undefined, onTerminal);
  const shown = chunks.map((chunk) => replay.take({ stream: "stdout", bytes: Buffer.from(chunk) }));
  return Buffer.concat([...shown, ...replay.end().map(({ bytes }) => bytes)]).toString();
}

describe("what comes from the record", () => {
  it("is shown on a terminal without what does more than draw", () => {
    const queries = `${ESC}[6n${ESC}[c${ESC}P$qm${ESC}\\${ESC}]11;?\u0007\u0005`;
    expect(replayed(`a${ESC}]52;c;cm0=\u0007b${ESC}]0;title\u0007c${queries}d`)).toBe("abcd");
    expect(replayed(`${ESC}[999999999b`)).toBe(`${ESC}[100b`);
    expect(replayed("a\u009d52;c;cm0=\u009cb\u0096c")).toBe("abc");
  });

  it("goes anywhere else as it is", () => {
    const replay = new Replay(undefined, { stdout: file, stderr: file });
    for (const [, text] of hostileOutput) {
      const bytes = Buffer.from(text);
      for (const stream of ["stdout", "stderr"] as const) expect(replay.take({ stream, bytes })).toBe(bytes);
    }
    expect(replay.end()).toEqual([]);
  });

  it("goes elsewhere as it is on one stream and not on the other", () => {
    const replay = new Replay(undefined, { stdout: file, stderr: terminal });
    const bytes = Buffer.from(`${ESC}[31m${ESC}[6n`);
    expect(replay.take({ stream: "stdout", bytes })).toBe(bytes);
    expect(replay.take({ stream: "stderr", bytes }).toString()).toBe(`${ESC}[0;31m`);
    expect(replay.end()).toEqual([{ stream: "stderr", bytes: Buffer.from(`${ESC}[0m`) }]);
  });

  it("is the same wherever it is cut", () => {
    const pieces = hostileOutput.map(([, text]) => Buffer.from(text).subarray(0, 300));
    const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...pieces), cuts, (bytes, places) => {
        const sorted = [0, ...places.sort((a, b) => a - b), bytes.length];
        const chunks = sorted.map((place, index) => bytes.subarray(sorted[index - 1] ?? 0, place));
        expect(replayed(...chunks)).toBe(replayed(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps bytes that are no text", () => {
    const replay = new Replay(undefined, onTerminal);
    const bytes = Buffer.from([0xff, 0x61, 0xe9, 0x0a, 0xc3]);
    const shown = replay.take({ stream: "stdout", bytes });
    expect(Buffer.concat([shown, ...replay.end().map((rest) => rest.bytes)])).toEqual(bytes);
  });

  it("hides nothing behind the letters of another encoding", () => {
    const windows1250 = Buffer.from("\u009eena \u009aest\nd\u00edra\n", "latin1");
    expect(replayed(windows1250)).toBe("\ufffdena \ufffdest\nd\ufffdra\n");
    expect(replayed(Buffer.of(0x9d), "0;title\n")).toBe("\ufffd0;title\n");
  });

  it("has the colours of each stream on both", () => {
    const replay = new Replay(undefined, onTerminal);
    const take = (stream: "stdout" | "stderr", text: string): string =>
      replay.take({ stream, bytes: Buffer.from(text) }).toString();
    expect(take("stdout", `${ESC}[31mred`)).toBe(`${ESC}[0;31mred`);
    expect(take("stderr", "plain")).toBe(`${ESC}[0mplain`);
    expect(take("stdout", "red")).toBe(`${ESC}[0;31mred`);
  });
});

describe("the terminal is left as it was", () => {
  it.each([
    ["a colour", `${ESC}[31mx`, `${ESC}[0;31mx${ESC}[0m`],
    ["the alternate screen", `${ESC}[?1049hx`, `${ESC}[?1049hx${ESC}[?1049l${ESC}[0m`],
    ["a hidden cursor", `${ESC}[?25l`, `${ESC}[?25l${ESC}[?25h${ESC}[0m`],
    ["another cursor", `${ESC}[5 q`, `${ESC}[5 q${ESC}[0 q${ESC}[0m`],
    ["lines that do not wrap", `${ESC}[?7l`, `${ESC}[?7l${ESC}[?7h${ESC}[0m`],
    ["insertion", `${ESC}[4h`, `${ESC}[4h${ESC}[4l${ESC}[0m`],
    ["margins", `${ESC}[3;9r`, `${ESC}[3;9r${ESC}7${ESC}[r${ESC}8${ESC}[0m`],
    ["line drawing", `${ESC}(0q`, `${ESC}(0q${ESC}(B${ESC}[0m`],
    ["another character set", "\u000eq", `\u000eq\u000f${ESC}[0m`],
    [
      "an open link",
      `${ESC}]8;;https://example.org\u0007x`,
      `${ESC}]8;;https://example.org${ESC}\\x${ESC}]8;;${ESC}\\${ESC}[0m`,
    ],
  ])("with %s", (_what, text, shown) => {
    expect(replayed(text)).toBe(shown);
  });

  it.each([
    ["text", "a\r\nü\n"],
    ["a screen that was left", `${ESC}[?1049h${ESC}[?25lx${ESC}[?25h`],
    ["a cursor that was shown again", `${ESC}[?25lx${ESC}[?25h`],
    ["margins that were set back", `${ESC}[2;9r${ESC}[r`],
    ["line drawing that was left", `${ESC}(0q${ESC}(B`],
  ])("with nothing to do after %s", (what, text) => {
    const left = what === "a screen that was left" ? `${ESC}[?1049l` : "";
    // On the way back from the other screen the rendition is set again.
    expect(replayed(text + left)).toBe(text + (left === "" ? "" : `${left}${ESC}[0m`));
  });

  it("once", () => {
    const replay = new Replay(undefined, onTerminal);
    replay.take({ stream: "stdout", bytes: Buffer.from(`${ESC}[?1049h${ESC}[31mx`) });
    expect(replay.end()).toHaveLength(1);
    expect(replay.end()).toEqual([]);
  });

  it("keeps its tab stops, what has scrolled out, and its title", () => {
    expect(replayed(`${ESC}[3g${ESC}H\u0088${ESC}[3J${ESC}[2;3J${ESC}[3:1Jx`)).toBe("x");
  });

  it("is cleared by a reset, and no more", () => {
    expect(replayed(`${ESC}[?1049h${ESC}[31m${ESC}c`)).toBe(
      `${ESC}[?1049h${ESC}[0;31m${ESC}[?1049l${ESC}[2J${ESC}[H${ESC}[0m`,
    );
  });
});

describe("what comes live behind the record", () => {
  const since = Date.now() - 1000;
  const at = (ms: number): string => new Date(ms).toISOString();

  function attached(): (text: string | Buffer, ms: number) => string {
    const replay = new Replay(since, onTerminal);
    return (text, ms) =>
      replay.take({ stream: "stdout", bytes: Buffer.from(text), timestamp: at(ms) }).toString("latin1");
  }

  it("is as the command wrote it", () => {
    const take = attached();
    expect(take(`a${ESC}[6n`, since)).toBe("a");
    expect(take(`b${ESC}[6n\u009b6n`, since + 1)).toBe(`b${ESC}[6n\u00c2\u009b6n`);
  });

  it("begins behind the sequence or the character that the record was cut in", () => {
    const take = attached();
    expect(take(`a${ESC}]52;c;`, since - 5)).toBe("a");
    expect(take(`cm0=\u0007b${ESC}[6n`, since + 5)).toBe(`b${ESC}[6n`);
    const other = attached();
    expect(other(Buffer.of(0x61, 0xc2), since - 5)).toBe("a");
    expect(other(Buffer.of(0x9b, 0x36, 0x6e, 0x62), since + 5)).toBe("b");
  });

  it("may be cut within a sequence or a character itself", () => {
    const take = attached();
    expect(take("record", since)).toBe("record");
    const live = Buffer.from(`a${ESC}[31mb${ESC}]0;title\u0007é${ESC}[6n\u009b6n`);
    for (const byte of live) {
      expect(take(Buffer.of(byte), since + 1)).toBe(String.fromCharCode(byte));
    }
  });

  it("is not what a clock that was set back calls later than now", () => {
    expect(attached()(`a${ESC}[6n`, Date.now() + 3_600_000)).toBe("a");
  });

  it("goes on in the colour of its stream", () => {
    const replay = new Replay(since, onTerminal);
    replay.take({ stream: "stdout", bytes: Buffer.from(`${ESC}[31mred`), timestamp: at(since) });
    replay.take({ stream: "stderr", bytes: Buffer.from("plain"), timestamp: at(since) });
    const live = { stream: "stdout", bytes: Buffer.from("red"), timestamp: at(since + 1) } as const;
    expect(replay.take(live).toString()).toBe(`${ESC}[0;31mred`);
    expect(replay.take(live).toString()).toBe("red");
  });

  it("may itself leave the screen that the record is on", () => {
    const replay = new Replay(since, onTerminal);
    const take = (text: string, ms: number): string =>
      replay.take({ stream: "stdout", bytes: Buffer.from(text), timestamp: at(ms) }).toString();
    take(`${ESC}[?1049h`, since);
    expect(take(`${ESC}[?1049l`, since + 1)).toBe(`${ESC}[?1049l`);
    expect(replay.end()).toEqual([]);
    take(`${ESC}[?25l`, since + 2);
    expect(replay.end()).toEqual([{ stream: "stdout", bytes: Buffer.from(`${ESC}[?25h${ESC}[0m`) }]);
  });
});
