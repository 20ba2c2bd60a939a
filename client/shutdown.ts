import { isObjectWith, isWhole } from "../protocol/check.ts";
import type { Stats } from "../protocol/stats.ts";
import { requestJson } from "./open-request.ts";
import type { Transport } from "./transport.ts";

const stats = { method: "GET", path: "/api/stats" } as const;
/** The body has not changed since the first version. */
const shutdown = { method: "POST", path: "/api/shutdown", body: {} } as const;

/** Asks a daemon of any version to exit; with `drain`, once the runs that depend on it have ended. */
export async function requestShutdown(
  transport: Transport,
  drain: boolean,
  signal?: AbortSignal,
): Promise<void> {
  await requestJson(transport, shutdown, { body: { drain }, ownConnection: true, signal });
}

type UnendedRuns = Pick<Stats["runs"], "queued" | "connecting" | "running">;

const isAnswer = isObjectWith({
  runs: isObjectWith({ queued: isWhole, connecting: isWhole, running: isWhole }),
});

/** The number of runs that have not ended; undefined if a daemon of another version answers something else. */
export async function countRuns(transport: Transport): Promise<number | undefined> {
  const answer = await requestJson(transport, stats, { ownConnection: true });
  if (!hasRuns(answer)) return undefined;
  const { queued, connecting, running } = answer.runs;
  return queued + connecting + running;
}

function hasRuns(answer: unknown): answer is { readonly runs: UnendedRuns } {
  return isAnswer(answer);
}
