import type { Run } from "../../protocol/run.ts";

/** Which runs are shown; what is not there leaves none out. */
export interface RunFilter {
  /** In command, host and output. */
  readonly text?: string | undefined;
  readonly host?: string | undefined;
  readonly state?: "running" | "failed" | "succeeded" | undefined;
}

/** Whether a run is what a person means by the word. */
export function fits(run: Pick<Run, "state" | "outcome" | "exitCode">, state: RunFilter["state"]): boolean {
  const succeeded = run.outcome === "exited" && run.exitCode === 0;
  if (state === "running") return run.state !== "ended";
  if (state === "succeeded") return succeeded;
  if (state === "failed") return run.state === "ended" && !succeeded;
  return true;
}
