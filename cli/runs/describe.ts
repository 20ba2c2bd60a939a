import type { Run } from "../../protocol/run.ts";
import type { Style } from "../colour.ts";

/** How a run stands or ended, in a word or two. */
export function outcomeOf({ state, outcome, exitCode, signal }: Run): string {
  switch (outcome) {
    case null:
      return state;
    case "exited":
      return `exit ${exitCode ?? "?"}`;
    case "signaled":
      return `SIG${signal ?? "?"}`;
    case "timedOut":
      return "timed out";
    case "failed":
    case "cancelled":
    case "unknown":
      return outcome;
  }
}

/** Green for success, red for failure, yellow for what is between. */
export function outcomeStyle({ outcome, exitCode }: Run): Style | undefined {
  if (outcome === null) return undefined;
  if (outcome === "exited") return exitCode === 0 ? "green" : "red";
  return outcome === "cancelled" || outcome === "unknown" ? "yellow" : "red";
}

/** Milliseconds as a person reads them. */
export function spanOf(ms: number | null): string {
  if (ms === null) return "";
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** An instant in local time, to the second. */
export function instantOf(iso: string | null): string {
  if (iso === null) return "";
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
