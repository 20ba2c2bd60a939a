import { isObjectWith } from "./check.ts";

/** The most columns and rows of a terminal, each of which has one at least. */
export const maxTerminalSide = 9999;

const hasSides = isObjectWith({ cols: isSide, rows: isSide });

/** Whether it is a TerminalSize of run.ts; for what should be up in a moment, as check.ts says. */
export function isTerminalSize(value: unknown): value is { readonly cols: number; readonly rows: number } {
  return hasSides(value);
}

function isSide(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxTerminalSide;
}
