import type { JobRow } from "../../protocol/job-panel.ts";
import { element } from "../element.ts";
import { label } from "../labels.ts";

interface Count {
  readonly tone: string;
  readonly words: string;
}

/** The number of hosts by outcome, exit codes in numeric order; then those still running. */
export function countRows(rows: Iterable<JobRow>): Count[] {
  const exits = new Map<number, number>();
  const others = new Map<string, number>();
  for (const row of rows) {
    if (row.outcome === "exited" && row.exitCode !== null) increase(exits, row.exitCode);
    else increase(others, kindOf(row));
  }
  const counts: Count[] = [];
  const good = exits.get(0);
  if (good !== undefined) counts.push({ tone: "good", words: label("countGood", good) });
  for (const [code, count] of [...exits].sort(([a], [b]) => a - b)) {
    if (code !== 0) counts.push({ tone: "bad", words: label("countExit", count, code) });
  }
  const kinds = [
    ["failed", "bad", "countFailed"],
    ["signaled", "bad", "countSignaled"],
    ["timedOut", "bad", "countTimedOut"],
    ["cancelled", "warning", "countCancelled"],
    ["unknown", "warning", "countUnknown"],
    ["running", "running", "countRunning"],
    ["waiting", "waiting", "countWaiting"],
    ["skipped", "waiting", "countSkipped"],
  ] as const;
  for (const [key, tone, name] of kinds) {
    const count = others.get(key);
    if (count !== undefined) counts.push({ tone, words: label(name, count) });
  }
  return counts;
}

function kindOf({ outcome, state }: JobRow): string {
  return outcome ?? (state === "running" ? "running" : "waiting");
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function countElements(rows: Iterable<JobRow>): HTMLElement[] {
  return countRows(rows).map(({ tone, words }) => element("span", { class: `tone-${tone}` }, words));
}
