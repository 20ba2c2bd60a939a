import type { Run } from "./run.ts";

/** How a run stands or ended, in a word or two. */
export function outcomeText({ state, outcome, exitCode, signal }: Run): string {
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
