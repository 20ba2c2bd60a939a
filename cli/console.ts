import type { Problem } from "../protocol/problem.ts";
import { visible, visibleJson } from "../protocol/visible.ts";
import { changedKeyLines } from "./changed-key.ts";
import { paint } from "./colour.ts";

/** To standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

export function printJson(value: unknown): void {
  print(`${visibleJson(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined))}\n`);
}

/** One line to standard error in Hostrun's name, and those that belong to it. */
export function warn(message: string, ...more: readonly string[]): void {
  const name = paint("hostrun:", "bold", process.stderr);
  process.stderr.write(`${name} ${[message, ...more].map(visible).join("\n")}\n`);
}

/** What failed, where and what to do next, which a problem's message says, and what a daemon that died has written. */
export function warnOf({ message, members }: Pick<Problem, "message" | "members">): void {
  const { written = [] } = members;
  const [changed, ...keys] = changedKeyLines(members) ?? [];
  if (changed !== undefined) {
    warn(changed, ...keys.map((line) => `  ${line}`));
    return;
  }
  warn(message, ...written.map((line) => `  ${line}`));
}
