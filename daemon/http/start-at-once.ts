import { Problem } from "../../protocol/problem.ts";
import { notBegun, startHeaders } from "../../protocol/start-at-once.ts";
import { headerWord } from "./header-word.ts";

/** What a daemon knows about itself. */
export interface DaemonIdentity {
  readonly pid: number;
  /** The machine's monotonic clock in milliseconds. */
  readonly machineClock: () => number;
}

/**
 * Throws `conflict` for a run that another daemon was to begin, or that was to begin before now: its client may have
 * given up.
 */
export function refuseLate(header: (name: string) => string | undefined, own: DaemonIdentity): void {
  const pid = numberOf(header, startHeaders.daemon);
  const beginBy = numberOf(header, startHeaders.beginBy);
  const isForThisDaemon = pid === undefined || pid === own.pid;
  if (isForThisDaemon && (beginBy === undefined || own.machineClock() <= beginBy)) return;
  const why = isForThisDaemon ? "came too late" : `is meant for process ${pid}`;
  throw new Problem("conflict", `The run ${why} and was not started. Send it again.`, { reason: notBegun });
}

function numberOf(header: (name: string) => string | undefined, name: string): number | undefined {
  const word = headerWord(header, name);
  if (word === undefined) return undefined;
  if (/^\d{1,15}$/.test(word)) return Number(word);
  const message = "must be a whole number";
  throw new Problem("invalid_request", `${name} ${message}.`, { issues: [{ path: name, message }] });
}
