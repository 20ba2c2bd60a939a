import { expect, test } from "vitest";
import { paint, showsColour } from "../../../cli/colour.ts";

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: "dumb" }, false],
  [true, { CLICOLOR: "0" }, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, { CLICOLOR_FORCE: "1" }, true],
  [false, { CLICOLOR_FORCE: "0" }, false],
  [true, { CLICOLOR_FORCE: "1", NO_COLOR: "1" }, false],
])("a terminal (%s) with %j has colour: %s", (isTTY, env, expected) => {
  expect(showsColour({ isTTY }, env)).toBe(expected);
});

test("text without a style is left alone, also on a terminal", () => {
  expect(paint("x", undefined, { isTTY: true })).toBe("x");
  expect(paint("x", "red", { isTTY: false })).toBe("x");
});
