import type { Problem } from "../protocol/problem.ts";
import { visible, visibleLines } from "./visible.ts";

/** To standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined)}\n`);
}

/** One line to standard error, in Hostrun's name. */
export function warn(message: string): void {
  process.stderr.write(`hostrun: ${visibleLines(message)}\n`);
}

/** What failed, where, and every bad field. */
export function warnOf({ message, members }: Pick<Problem, "message" | "members">): void {
  const { host, issues = [] } = members;
  warn(host === undefined || message.includes(host) ? message : `${host}: ${message}`);
  for (const issue of issues) {
    process.stderr.write(
      `  ${issue.path === "" ? "" : `${visible(issue.path)}: `}${visible(issue.message)}\n`,
    );
  }
}
