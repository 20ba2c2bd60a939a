import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { visibleLine } from "../protocol/visible.ts";
import { openOwnFile } from "../state-directory/own-file.ts";

const tailBytes = 4096;
const tailLines = 12;
/** For the daemon's own messages, which include what to do. */
const maxLineLength = 1000;

/** The last lines of an open file after `from`, for a person. */
export function lastLines(file: number, from = 0): string[] {
  const { size } = fstatSync(file);
  // A log that became full in the meantime was truncated.
  const begin = Math.max(size < from ? 0 : from, size - tailBytes);
  const bytes = Buffer.alloc(Math.max(0, size - begin));
  readSync(file, bytes, 0, bytes.length, begin);
  const text = bytes.toString("utf8").trimEnd();
  const lines = text === "" ? [] : text.split("\n").slice(-tailLines);
  return lines.map((line) => visibleLine(line, maxLineLength));
}

/** The last lines of the daemon's log; empty if it cannot be read. */
export function lastLinesOf(path: string): string[] {
  let file: number | undefined;
  try {
    file = openOwnFile(path, constants.O_RDONLY);
    return lastLines(file);
  } catch {
    return [];
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
