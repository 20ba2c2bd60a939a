import type { Host } from "../../protocol/host.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";

/** Whether a problem, of `host` where it is of one, may be mended in the SSH config. */
export function isOfSshConfig(
  { reason }: Pick<ProblemDetails, "reason">,
  host: Pick<Host, "configAt"> | undefined,
): boolean {
  return reason === "ssh_config" || host?.configAt !== undefined;
}
