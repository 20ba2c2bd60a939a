import { isObjectWith } from "./check.ts";

/** The maximum number of columns and of rows of a terminal; the minimum is 1. */
export const maxTerminalSide = 9999;

const hasSides = isObjectWith({ cols: isSide, rows: isSide });

/** Whether it is a TerminalSize of run.ts, without zod (see check.ts). */
export function isTerminalSize(value: unknown): value is { readonly cols: number; readonly rows: number } {
  return hasSides(value);
}

function isSide(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxTerminalSide;
}
