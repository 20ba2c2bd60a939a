import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EscapeFilter } from "../../../terminal/escape-filter.ts";
import { Pen } from "../../../terminal/pen.ts";

const ESC = "\u001b";
const size = { rows: 24, columns: 120 };

function createFilter(): EscapeFilter {
  const pen = new Pen();
  return new EscapeFilter(pen, { draw: () => pen.toSgr(), size: () => size });
}

const filtered = (text: string): string => createFilter().push(text);

/** What sequences, whole and broken, are made of. */
const parts = [
  ...Array.from("aé\n\u001b[]?;:1m\u0007\\\u009b\u009cPbh 78\u0018\u0001"),
  "38;5;9",
  "8;;http://x/",
  "8;;ftp://x/",
  "999999999",
  "1000",
  "9".repeat(200),
];

describe("what a screen that only shows may obey", () => {
  it("lets text and cursor movements through as they are", () => {
    const text = `a\r\nb\tc ü 漢 ${ESC}[2;5H${ESC}[K${ESC}[?1049h${ESC}(B${ESC}M`;
    expect(filtered(text)).toBe(text);
  });

  it.each([
    ["REP", `${ESC}[999999999b`, `${ESC}[120b`],
    ["IL", `${ESC}[999999999L`, `${ESC}[100L`],
    ["DL", `${ESC}[2147483648M`, `${ESC}[100M`],
    ["SU", `${ESC}[99999999999999999999S`, `${ESC}[100S`],
    ["SD", `${ESC}[999999999T`, `${ESC}[100T`],
    ["CBT", `${ESC}[999999999Z`, `${ESC}[120Z`],
    ["CHT", `${ESC}[999999999I`, `${ESC}[120I`],
    ["ICH", `${ESC}[999999999@`, `${ESC}[120@`],
    ["DCH", `${ESC}[999999999P`, `${ESC}[120P`],
    ["ECH", `${ESC}[999999999X`, `${ESC}[120X`],
    ["SL", `${ESC}[999999999 @`, `${ESC}[120 @`],
    ["DECIC", `${ESC}[999999999'}`, `${ESC}[120'}`],
    ["every parameter", `${ESC}[999999;999999L`, `${ESC}[100;100L`],
    ["an eight-bit introducer", "\u009b999999999b", `${ESC}[120b`],
    ["leading zeros", `${ESC}[00000000000000012L`, `${ESC}[12L`],
  ])("limits the count of %s", (_name, sent, shown) => {
    expect(filtered(sent)).toBe(shown);
  });

  it("leaves counts and positions that mean something", () => {
    const text = `${ESC}[24L${ESC}[80b${ESC}[999;999H${ESC}[999C`;
    expect(filtered(text)).toBe(text);
  });

  it.each([
    ["a title", `${ESC}]0;owned\u0007`],
    ["the clipboard", `${ESC}]52;c;aGk=${ESC}\\`],
    ["the palette", `${ESC}]11;#ffffff\u0007`],
    ["a device string", `${ESC}P$qm${ESC}\\`],
    ["an application's string", `${ESC}_Gf=24;AAAA${ESC}\\`],
    ["a privacy message", `${ESC}^secret${ESC}\\`],
    ["mouse reports", `${ESC}[?1000h${ESC}[?1002;1006h${ESC}[?1004h`],
    ["bracketed paste", `${ESC}[?2004h`],
    ["an overlong sequence", `${ESC}[${"1;".repeat(5000)}m`],
    ["a malformed sequence", `${ESC}[1?2h`],
    ["a mode behind zeros", `${ESC}[?02004h`],
    ["modes of the keyboard", `${ESC}[?1h${ESC}=${ESC}[2h${ESC}[>4;2m${ESC}[>1u`],
    ["a question that few terminals answer", `${ESC}[?1;1S${ESC}[1$w`],
    ["ENQ, DECID and a guarded area with eight bits", "\u0005\u009a\u0096"],
    ["the begin of a transfer", "\u0018"],
    ["a title for screen and tmux", `${ESC}ktitle${ESC}\\`],
    ["another encoding", `${ESC}%@`],
    ["what no terminal knows", `${ESC}[5;7 }${ESC}!x`],
  ])("leaves out %s", (_name, sent) => {
    expect(filtered(`a${sent}b`)).toBe("ab");
  });

  it("draws as before once the alternate screen is left", () => {
    expect(filtered(`${ESC}[1m${ESC}[?1049h${ESC}[31m${ESC}[?1049l`)).toBe(
      `${ESC}[0;1m${ESC}[?1049h${ESC}[0;1;31m${ESC}[?1049l${ESC}[0;1m`,
    );
  });

  it("keeps the modes beside those it refuses", () => {
    expect(filtered(`${ESC}[?1000;25l`)).toBe(`${ESC}[?25l`);
  });

  it("lets links to http and https pass and closes others", () => {
    const link = `${ESC}]8;id=1;https://example.org/a;b${ESC}\\`;
    expect(filtered(link)).toBe(link);
    expect(filtered(`${ESC}]8;;javascript:alert(1)\u0007`)).toBe(`${ESC}]8;;${ESC}\\`);
    expect(filtered(`${ESC}]8;;file:///etc/passwd\u0007`)).toBe(`${ESC}]8;;${ESC}\\`);
    expect(filtered(`${ESC}]8;;https://example.org/${"a".repeat(5000)}\u0007x`)).toBe(`${ESC}]8;;${ESC}\\x`);
  });

  it("keeps nothing of a control string of 20 MB that comes in pieces", () => {
    const filter = createFilter();
    let out = filter.push(`a${ESC}]0;`);
    const piece = "x".repeat(65_536);
    for (let at = 0; at < 320; at += 1) out += filter.push(piece);
    out += filter.push("\u0007b");
    expect(out).toBe("ab");
  });

  it("goes on after a string that another sequence cuts off", () => {
    expect(filtered(`${ESC}]0;title${ESC}[2Ka`)).toBe(`${ESC}[2Ka`);
    expect(filtered(`${ESC}]0;title\u0018a`)).toBe("a");
  });

  it("makes the same of a stream wherever it is cut", () => {
    const pieces = fc.constantFrom(...parts);
    const stream = fc.array(pieces, { maxLength: 40 }).map((taken) => taken.join(""));
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });
    fc.assert(
      fc.property(stream, cuts, (text, places) => {
        const filter = createFilter();
        const sorted = [0, ...places.sort((a, b) => a - b), text.length];
        const cut = sorted
          .map((place, index) => filter.push(text.slice(sorted[index - 1] ?? 0, place)))
          .join("");
        expect(cut).toBe(filtered(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("never lets a large count through, whatever is sent", () => {
    const piece = fc.constantFrom(ESC, "[", "?", ";", "\u009b", "99999", "L", "b", "a", " ", "\n", ESC + "[");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (taken) => {
        const out = filtered(taken.join(""));
        // oxlint-disable-next-line no-control-regex
        expect(out).not.toMatch(/(\u001b\[|\u009b)[0-9;]*[0-9]{5}[0-9;]*[Lb]/);
      }),
      { numRuns: 2000 },
    );
  });
});
