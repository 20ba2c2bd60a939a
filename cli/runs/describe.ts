import type { Run } from "../../protocol/run.ts";
import type { Style } from "../colour.ts";

/** Green for success, red for failure, yellow for anything else. */
export function outcomeStyle({ outcome, exitCode }: Run): Style | undefined {
  if (outcome === null) return undefined;
  if (outcome === "exited") return exitCode === 0 ? "green" : "red";
  return outcome === "cancelled" || outcome === "unknown" ? "yellow" : "red";
}

/** Marks the outcome of a run for which nothing ran. */
export function cachedMark({ cached }: Run): string {
  return cached ? " (cached)" : "";
}

/** An instant in local time, to the second. */
export function instantOf(iso: string | null): string {
  if (iso === null) return "";
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
