import type { Run } from "./run.ts";

/** How a run stands or ended, in a word or two. */
export function outcomeText({ state, outcome, exitCode, signal }: Run): string {
  switch (outcome) {
    case null:
      return state;
    case "exited":
      return `exit ${exitCode ?? "?"}`;
    case "signaled":
      // OpenSSH's server has `SIG@openssh.com` for every signal whose name is not in its protocol.
      return signal === "SIG@openssh.com" ? "unnamed signal" : `SIG${signal ?? "?"}`;
    case "timedOut":
      return "timed out";
    case "failed":
    case "cancelled":
    case "unknown":
      return outcome;
  }
}
