import { describe, expect, it } from "vitest";
import { Pen } from "../../../terminal/pen.ts";

function after(...parameters: string[]): string {
  const pen = new Pen();
  for (const each of parameters) pen.apply(each);
  return pen.toSgr();
}

describe("a stream's graphic rendition", () => {
  it.each([
    [["1;31"], "0;1;31"],
    [["31", "32"], "0;32"],
    [["1;2;3;4;7;8;9", "22"], "0;3;4;7;8;9"],
    [["1", ""], "0"],
    [["31;42", "39"], "0;42"],
    [["38;5;196;1"], "0;38;5;196;1"],
    [["38;2;1;2;3", "48;2;4;5;6"], "0;38;2;1;2;3;48;2;4;5;6"],
    [["38:2::1:2:3;4:3"], "0;38:2::1:2:3;4:3"],
    [["4:3", "4:0"], "0"],
    [["38;5"], "0"],
    [["38;7;1"], "0;7;1"],
    [["5;6;25"], "0"],
    [["97;107"], "0;97;107"],
    [["999;31"], "0;31"],
  ])("%j draws as %s", (sequences, codes) => {
    expect(after(...sequences)).toBe(`\u001b[${codes}m`);
  });

  it("puts a base colour only where the program sets none", () => {
    const pen = new Pen();
    expect(pen.toSgr("31", "5")).toBe("\u001b[0;31;5m");
    pen.apply("33");
    expect(pen.toSgr("31", "5")).toBe("\u001b[0;33;5m");
    pen.apply("39");
    expect(pen.toSgr("31", "5")).toBe("\u001b[0;31;5m");
  });

  it("comes back to what was saved", () => {
    const pen = new Pen();
    pen.apply("32");
    pen.save();
    pen.apply("0;41");
    pen.restore();
    expect(pen.toSgr()).toBe("\u001b[0;32m");
  });
});
