import { describe, expect, test } from "vitest";
import { HostLines } from "../../client/host-lines.ts";
import { terminalLines } from "../../cli/terminal-lines.ts";
import { createLog } from "../../daemon/core/log.ts";
import { linkless, oneLine, shortened } from "../../extension/plain-text.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible, visibleLine, visibleText } from "../../protocol/visible.ts";
import { EscapeFilter } from "../../terminal/escape-filter.ts";
import { Pen } from "../../terminal/pen.ts";
import { hostileOutput } from "../support/hostile-output.ts";

/** What a terminal obeys, an editor hides, or turns other text around; how an emoji looks (U+FE0E, U+FE0F) is left alone. */
const unseen = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

// Control characters are what this is about.
/* oxlint-disable no-control-regex */
const sequence = /(?:\u001b\[|\u009b)([<-?]?)([\d:;]*)([ -/]*)([@-~])/g;
/** All that asks a terminal for an answer, or moves its window, as `prefix intermediates final`. */
const answered = /^(?:[>=?]?c|\??n|\??\$p|x|>q|[?=>&$]u|t|\*y|i|\?i|[?>]m|\?S|\$w|#[|R]|'\||"[vp]|\?[rs])$/;
/** Modes of the keyboard, the mouse and the terminal as such, whatever number of zeros is before them. */
const notDrawn =
  /^(?:(?!\?).*?(?:0*(?:2|12))|\?(?:.*;)?0*(?:1|2|3|8|9|38|40|66|100\d|101[56]|2004|2026)(?:;.*)?)[hl]$/;
const string = /\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f]/g;
const link = /^\u001b\]8;[^;]*;(?:https?:\/\/[^\u0000-\u001f]*)?\u001b\\/;

describe.each(hostileOutput)("%s", (_what, text) => {
  test("does a screen of the editor no harm", () => {
    const pen = new Pen();
    const size = { rows: 24, columns: 80 };
    const filter = new EscapeFilter(pen, { draw: () => pen.toSgr(), size: () => size });
    const shown = filter.push(text) + filter.push("\u0018end");
    expect(shown.endsWith("end")).toBe(true);
    for (const [, prefix = "", parameters = "", intermediates = "", final = ""] of shown.matchAll(sequence)) {
      expect(`${prefix}${intermediates}${final}`).not.toMatch(answered);
      expect(`${prefix}${parameters}${final}`).not.toMatch(notDrawn);
      for (const number of parameters.match(/\d+/g) ?? []) expect(Number(number)).toBeLessThanOrEqual(9999);
      if ("b@PXLMST".includes(final)) expect(Number(parameters)).toBeLessThanOrEqual(100);
    }
    expect(shown).not.toMatch(/\u001b(?:[Zk=>]|%.)|[\u0005\u0018\u009a]/);
    for (const { index } of shown.matchAll(string)) expect(shown.slice(index)).toMatch(link);
  });

  test("stands on one line of a tree, a tab or a list, where all of it can be seen", () => {
    for (const line of [oneLine(text), shortened(text, 200), linkless(oneLine(text))]) {
      expect(line).not.toMatch(unseen);
    }
    expect([...shortened(text, 200)].length).toBeLessThanOrEqual(200);
    expect(linkless(oneLine(text))).not.toContain("](");
  });

  test("is seen in a message, which is no longer for it", () => {
    expect(visible(text)).not.toMatch(unseen);
    for (const line of [visibleLine(text), new Problem("host_unknown", visibleLine(text)).message]) {
      expect(line).not.toMatch(unseen);
      expect(line.length).toBeLessThanOrEqual(200);
    }
    const several = visibleText(text, 2000);
    expect(several.replaceAll("\n", "")).not.toMatch(unseen);
    expect(several.length).toBeLessThanOrEqual(2000);
  });

  test("stays behind the name of its host on a terminal, and on its own line", async () => {
    const written: Buffer[] = [];
    const lines = new HostLines((_stream, bytes) => {
      written.push(terminalLines(bytes));
      return Promise.resolve();
    });
    await lines.take("web\u202e1", "stdout", Buffer.from(text));
    await lines.end("web\u202e1");
    const shown = Buffer.concat(written).toString();
    for (const line of shown.split("\n").slice(0, -1)) {
      expect(line).toMatch(/^web\\u\{202e\}1: /);
      expect(line.replaceAll(/\u001b\[[\d:;]*m|\t/g, "")).not.toMatch(unseen);
    }
  });

  test("is one line of the log, in plain letters", () => {
    const told: string[] = [];
    const log = createLog(
      () => "debug",
      (line) => void told.push(line),
    );
    log.warn(`A server said ${visibleLine(text)}`, { why: text, host: text, failure: new Error(text) });
    const [line = ""] = told;
    expect(told).toHaveLength(1);
    expect(line.slice(0, -1)).not.toMatch(unseen);
    expect(line.length).toBeLessThan(20_000);
    expect(JSON.parse(line)).toHaveProperty("level", "warn");
  });
});
/* oxlint-enable no-control-regex */
