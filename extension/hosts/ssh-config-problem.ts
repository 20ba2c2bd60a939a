import type { Host } from "../../protocol/host.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";

/** Whether a problem, and its `host` if there is one, may be fixed in the SSH config. */
export function isOfSshConfig(
  { reason }: Pick<ProblemDetails, "reason">,
  host: Pick<Host, "configAt"> | undefined,
): boolean {
  return reason === "ssh_config" || (host?.configAt ?? null) !== null;
}
