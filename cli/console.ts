import type { Problem } from "../protocol/problem.ts";
import { visible, visibleJson } from "../protocol/visible.ts";
import { changedKeyLines } from "./changed-key.ts";
import { paint } from "./colour.ts";

/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

export function printJson(value: unknown): void {
  print(`${visibleJson(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined))}\n`);
}

/** Writes one line to standard error, prefixed with Hostrun's name, and further lines that belong to it. */
export function warn(message: string, ...more: readonly string[]): void {
  const name = paint("hostrun:", "bold", process.stderr);
  process.stderr.write(`${name} ${[message, ...more].map(visible).join("\n")}\n`);
}

/**
 * Reports a problem: its message, which includes where it failed and what to do next, and the last lines of a daemon
 * that died.
 */
export function warnOf({ message, members }: Pick<Problem, "message" | "members">): void {
  const { written = [] } = members;
  const [changed, ...keys] = changedKeyLines(members) ?? [];
  if (changed !== undefined) {
    warn(changed, ...keys.map((line) => `  ${line}`));
    return;
  }
  warn(message, ...written.map((line) => `  ${line}`));
}
