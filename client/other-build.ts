import { build } from "../protocol/build.ts";
import { Problem } from "../protocol/problem.ts";
import type { Health } from "../protocol/stats.ts";

/** Whether a daemon has the same version as this program, but was built from other sources. */
export function isOtherBuild(health: Health, version: string): boolean {
  return health.version === version && health.build !== build;
}

/** Adds the reason, if known, to a response that was not understood; returns any other failure unchanged. */
export function withReason(failure: unknown, health: Health): unknown {
  if (!(failure instanceof Problem) || failure.code !== "daemon_incompatible" || health.build === build)
    return failure;
  return new Problem(
    "daemon_incompatible",
    `The Hostrun daemon (version ${health.version}, process ${health.pid}) is of another build than this program, ` +
      "and its answer was not understood. `hostrun restart --drain` replaces it by the one of this program, once its commands have ended.",
    { cause: failure },
  );
}
