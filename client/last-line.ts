import { stripVTControlCharacters } from "node:util";

/** The end of an output in which its last line is looked for, in bytes. */
export const lastLineBytes = 1024;

/** The last line that a person would see of an output's end, at most 500 characters: what a carriage return has written over is gone. */
export function lastLineOf(text: string): string {
  const lines = stripVTControlCharacters(text).replaceAll("\r\n", "\n").split("\n");
  const last = lines.findLast((line) => line.trim() !== "") ?? "";
  return (last.split("\r").findLast((part) => part.trim() !== "") ?? "").slice(0, 500);
}
