import type { JobRow } from "../../protocol/job-panel.ts";

export type SortKey = "failures" | "host" | "exit" | "time";
export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** Failed hosts come first, then those still running, then those that succeeded. */
export function rankOf({ state, outcome, exitCode }: JobRow): number {
  if (outcome === "exited" && exitCode === 0) return 5;
  if (outcome === "skipped") return 4;
  if (state === "ended") return outcome === "cancelled" ? 1 : 0;
  return state === "running" ? 2 : 3;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Rows that contain this in their host, state or last line, in order. */
export function arrange(
  rows: Iterable<JobRow>,
  { filter, sorting, textOf }: { filter: string; sorting: Sorting; textOf: (row: JobRow) => string },
): JobRow[] {
  const wanted = filter.trim().toLowerCase();
  const fitting = [...rows].filter((row) => wanted === "" || textOf(row).toLowerCase().includes(wanted));
  const sign = sorting.descending ? -1 : 1;
  return fitting.sort((a, b) => sign * compare(a, b, sorting.key) || collator.compare(a.host, b.host));
}

function compare(a: JobRow, b: JobRow, key: SortKey): number {
  switch (key) {
    case "failures":
      return rankOf(a) - rankOf(b);
    case "host":
      return collator.compare(a.host, b.host);
    case "exit":
      return (a.exitCode ?? 256) - (b.exitCode ?? 256);
    case "time":
      return (a.elapsedMs ?? 0) - (b.elapsedMs ?? 0);
  }
}
