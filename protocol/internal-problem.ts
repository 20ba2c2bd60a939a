import { Problem } from "./problem.ts";

export const seeLogs = "Run `hostrun logs` for details.";

/** An internal error of Hostrun; `what` is its consequence, e.g. "the command was not started". */
export function internalProblem({ what, cause }: { what?: string; cause?: unknown } = {}): Problem {
  const detail = what === undefined ? "Internal error." : `Internal error: ${what}.`;
  return new Problem("internal", `${detail} ${seeLogs}`, { cause });
}
