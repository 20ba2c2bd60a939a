import type { Run } from "./run.ts";

/** The state or outcome of a run, in a word or two. */
export function outcomeText({ state, outcome, exitCode, signal }: Run): string {
  switch (outcome) {
    case null:
      return state;
    case "exited":
      return `exit ${exitCode ?? "?"}`;
    case "signaled":
      // OpenSSH's server sends `SIG@openssh.com` for every signal that the protocol has no name for.
      return signal === "SIG@openssh.com" ? "unnamed signal" : `SIG${signal ?? "?"}`;
    case "timedOut":
      return "timed out";
    case "failed":
    case "cancelled":
    case "unknown":
      return outcome;
  }
}
