import { expect, it } from "vitest";
import { TerminalSize } from "../../../protocol/run.ts";
import { isTerminalSize } from "../../../protocol/terminal-size.ts";

it.each([
  [{ cols: 80, rows: 24 }, true],
  [{ cols: 1, rows: 9999 }, true],
  [{ cols: 0, rows: 24 }, false],
  [{ cols: 80, rows: 10_000 }, false],
  [{ cols: 80.5, rows: 24 }, false],
  [{ cols: "80", rows: 24 }, false],
  [{ cols: undefined, rows: undefined }, false],
  [null, false],
])("takes %j for a terminal's size where the schema does", (value, is) => {
  expect(isTerminalSize(value)).toBe(is);
  expect(TerminalSize.safeParse(value).success).toBe(is);
});
