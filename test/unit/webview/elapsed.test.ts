import { describe, expect, it } from "vitest";
import { formatElapsed } from "../../../webview/elapsed.ts";

describe("figures of the status line", () => {
  it.each([
    [0, "00:00.0"],
    [4249, "00:04.2"],
    [59_999, "00:59.9"],
    [3_599_999, "59:59.9"],
    [3_723_000, "1:02:03"],
    [-5, "00:00.0"],
  ])("shows %d ms as %s", (ms, text) => {
    expect(formatElapsed(ms)).toBe(text);
  });

  it("leaves out the tenths where less motion is wanted", () => {
    expect(formatElapsed(4249, false)).toBe("00:04");
  });
});
