import { stripVTControlCharacters } from "node:util";

/** The number of bytes at the end of an output in which its last line is searched for. */
export const lastLineBytes = 1024;

/**
 * The last visible line at the end of an output, at most 500 characters: text that a carriage return has overwritten
 * is removed.
 */
export function lastLineOf(text: string): string {
  const lines = stripVTControlCharacters(text).replaceAll("\r\n", "\n").split("\n");
  const last = lines.findLast((line) => line.trim() !== "") ?? "";
  return (last.split("\r").findLast((part) => part.trim() !== "") ?? "").slice(0, 500);
}
