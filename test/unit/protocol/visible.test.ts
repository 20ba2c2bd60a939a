import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Problem } from "../../../protocol/problem.ts";
import { visible, visibleJson, visibleLine, visibleLines, visibleText } from "../../../protocol/visible.ts";

/** What must not reach a terminal, a log or an editor. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u2060-\u206f\u3164\ufff0-\ufff8]/u;
const anyText = fc.string({ unit: "binary", maxLength: 600 });

test.each([
  ["plain é 日本 😀 text", "plain é 日本 😀 text"],
  ["a\nb\tc\rd", String.raw`a\nb\tc\rd`],
  ["\u001b[31mred\u001b]0;title\u0007", String.raw`\e[31mred\e]0;title\x07`],
  ["\u009b2J", String.raw`\x9b2J`],
  ["user\u202egnp.exe", String.raw`user\u{202e}gnp.exe`],
  ["zero\u200bwidth\u2028line", String.raw`zero\u{200b}width\u{2028}line`],
  ["\ud800", String.raw`\u{d800}`],
  ["del\u007f nel\u0085", String.raw`del\x7f nel\x85`],
  ["\u200e\u200f\u061c\u2066\u2069", String.raw`\u{200e}\u{200f}\u{061c}\u{2066}\u{2069}`],
  ["\u202a\u202b\u202c\u202d", String.raw`\u{202a}\u{202b}\u{202c}\u{202d}`],
  [
    "\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164",
    String.raw`\u{200c}\u{200d}\u{2060}\u{feff}\xad\u{034f}\u{3164}`,
  ],
  ["\u2029\u{e0041}", String.raw`\u{2029}\u{e0041}`],
  ["\u2764\ufe0f e\u0301 \u0e01\u0e33", "\u2764\ufe0f e\u0301 \u0e01\u0e33"],
])("%j is shown as %s", (text, expected) => {
  expect(visible(text)).toBe(expected);
});

test("nothing that cannot be seen is left of any text", () => {
  fc.assert(fc.property(anyText, (text) => !unseen.test(visible(text))));
});

test("several lines of a program become one", () => {
  expect(visibleLines("\nno such\toption\r\n\n  giving up.\n")).toBe(String.raw`no such\toption; giving up.`);
  expect(visibleLines(`${"x".repeat(150)}\n${"y".repeat(150)}`)).toBe(
    `${"x".repeat(150)}; ${"y".repeat(47)}…`,
  );
  expect(visibleLines(" \n")).toBe("");
});

describe("a line of foreign text", () => {
  test("is trimmed, and one line", () => {
    expect(visibleLine(" Too many failures\r\n")).toBe("Too many failures");
    expect(visibleLine("bye\nhostrun: forged\n")).toBe(String.raw`bye\nhostrun: forged`);
    expect(visibleLine("")).toBe("");
  });

  test("is at most 200 long, its escapes counted, and says that it was cut", () => {
    expect(visibleLine("x".repeat(200))).toBe("x".repeat(200));
    expect(visibleLine("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
    expect(visibleLine("\n".repeat(602))).toBe("");
    expect(visibleLine(`a${"\u001b".repeat(602)}b`)).toBe(`a${"\\e".repeat(99)}…`);
    expect(visibleLine("abcdef", 4)).toBe("abc…");
  });

  test.each([
    ["a surrogate pair", "🙂"],
    ["a letter and its accent", "e\u0301"],
    ["a flag", "🇩🇪"],
    ["a hand and its colour", "👍🏽"],
    ["an escape", "\u202e"],
  ])("is not cut within %s", (_, character) => {
    for (let before = 190; before <= 200; before += 1) {
      const line = visibleLine(`${"x".repeat(before)}${character}${"y".repeat(50)}`);
      const whole = line.includes(visible(character));
      expect(line.replace(visible(character), "")).toMatch(whole ? /^x+y*…$/ : /^x+…$/);
    }
  });

  test("of any text is one visible line within its length", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 300 }), (text, length) => {
        const line = visibleLine(text, length);
        expect(line.length).toBeLessThanOrEqual(length);
        expect(line).not.toMatch(unseen);
      }),
    );
  });

  test("of three million characters is as short", () => {
    const { length } = visibleLine("🙂\u202e\n".repeat(1_000_000));
    expect(length).toBeGreaterThan(180);
    expect(length).toBeLessThanOrEqual(200);
  });
});

test("JSON means the same when everything in it can be seen", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const json = visibleJson(JSON.stringify({ text }));
      expect(JSON.parse(json)).toEqual({ text });
      expect(json).not.toMatch(unseen);
    }),
  );
  expect(visibleJson(JSON.stringify({ a: "\u202e" }, undefined, 2))).toBe('{\n  "a": "\\u202e"\n}');
});

test("a problem's detail is one visible line, whatever went into it", () => {
  const { message } = new Problem(
    "internal",
    `web1 said: bye\nhostrun: forged\u001b[2J ${"x".repeat(20_000)}`,
  );
  expect(message).toMatch(/^web1 said: bye\\nhostrun: forged\\e\[2J x+…$/);
  expect(message.length).toBeLessThanOrEqual(6000);
  expect(Problem.fromDetails({ ...new Problem("internal", "").toJSON(), detail: "a\nb" }).message).toBe(
    "a\\nb",
  );
});

test("text of several lines stays so, each visible, and is bounded", () => {
  expect(visibleText("\r\n one\n\ttwo\u001b[31m\r\n\nthree\n \n", 100)).toBe(" one\n    two\\e[31m\n\nthree");
  expect(visibleText("\n\n", 100)).toBe("");
  expect(visibleText("x".repeat(50), 10)).toBe(`${"x".repeat(9)}…`);
  expect(visibleText("\u001b".repeat(8), 10)).toHaveLength(10);
});
