import { describe, expect, it } from "vitest";
import { ScreenWriter } from "../../../webview/screen-writer.ts";
import type { OutputChunk } from "../../../webview/screen-writer.ts";

const ESC = "\u001b";

function written(...chunks: OutputChunk[]): string[] {
  const writer = new ScreenWriter(() => ({ rows: 24, columns: 80 }));
  return chunks.map((chunk) => writer.take(chunk).text);
}

const stdout = (data: string): OutputChunk => ({ stream: "stdout", data });
const stderr = (data: string): OutputChunk => ({ stream: "stderr", data });
const base64 = (...bytes: number[]): OutputChunk => {
  return { stream: "stdout", data: btoa(String.fromCharCode(...bytes)), encoding: "base64" };
};

describe("two streams on one screen", () => {
  it("writes stderr red and marked, and changes only where the streams take turns", () => {
    expect(written(stdout("a"), stderr("b"), stderr("c"), stdout("d"))).toEqual([
      `${ESC}[0ma`,
      `${ESC}[0;31;5mb`,
      "c",
      `${ESC}[0md`,
    ]);
  });

  it("lets each stream go on with its own colours", () => {
    expect(written(stdout(`${ESC}[1;32mok`), stderr("bad"), stdout("still green"))[2]).toBe(
      `${ESC}[0;1;32mstill green`,
    );
    expect(written(stderr(`${ESC}[33myellow${ESC}[0mred`))).toEqual([
      `${ESC}[0;31;5m${ESC}[0;33;5myellow${ESC}[0;31;5mred`,
    ]);
  });

  it("never writes one stream into the middle of the other's sequence", () => {
    expect(written(stdout(`a${ESC}[3`), stderr("b"), stdout("2mc"))).toEqual([
      `${ESC}[0ma`,
      `${ESC}[0;31;5mb`,
      `${ESC}[0m${ESC}[0;32mc`,
    ]);
  });

  it("shows bytes that are no text as U+FFFD, characters that are cut in two whole", () => {
    expect(written(base64(0x61, 0xff, 0x62))[0]).toBe(`${ESC}[0ma\u{fffd}b`);
    expect(written(base64(0xff, 0xe2, 0x82), base64(0xac)).join("")).toBe(`${ESC}[0m\u{fffd}€`);
    expect(written(base64(0xff, 0xe2, 0x82), stdout("a"))[1]).toBe("\u{fffd}a");
  });

  it("counts bytes, not characters", () => {
    const writer = new ScreenWriter(() => ({ rows: 24, columns: 80 }));
    expect(writer.take(stdout("é€")).bytes).toBe(5);
    expect(writer.take(base64(0xff, 0xfe, 0xfd)).bytes).toBe(3);
  });

  it("tells of a gap on a line of its own", () => {
    const writer = new ScreenWriter(() => ({ rows: 24, columns: 80 }));
    writer.take(stdout("half a line"));
    const words = "… 12.1 KiB of stdout were not recorded …";
    expect(writer.gap("stdout", 12_345)).toBe(`\r\n${ESC}[0;3;90m${words}${ESC}[0m\r\n`);
    expect(writer.gap("stdout", 12_345)).toBe(`${ESC}[0;3;90m${words}${ESC}[0m\r\n`);
    expect(writer.take(stdout("b")).text).toBe(`${ESC}[0mb`);
  });
});
