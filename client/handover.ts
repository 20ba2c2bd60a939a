import { isObjectWith, isWhole } from "../protocol/check.ts";
import { Problem } from "../protocol/problem.ts";
import type { Found } from "./discover.ts";
import { isGone } from "./end-daemon.ts";
import { requestJson } from "./open-request.ts";

/** An older daemon that is to make room, and has runs that need it. */
export interface Handover {
  readonly olderVersion: string;
  readonly newerVersion: string;
  /** Commands under way, as far as it could be told. */
  readonly runs: number | undefined;
  /** Then the runs that are left are ended. */
  readonly limitMs: number;
  /** Settled when it is gone, or will not go. */
  readonly over: Promise<void>;
  /** Ends the runs that are left, at once. */
  readonly endNow: () => void;
}

export interface HandoverOptions {
  /** This program's own. */
  readonly version: string;
  readonly limitMs?: number | undefined;
  /** Told when it takes longer than a moment, so that a person knows what is waited for. */
  readonly onWaiting?: ((handover: Handover) => void) | undefined;
}

const defaultLimitMs = 600_000;
const momentMs = 500;
const endMs = 10_000;
const stats = { method: "GET", path: "/api/stats" } as const;
/** With this body since the first version. */
const shutdown = { method: "POST", path: "/api/shutdown", body: {} } as const;

/**
 * Asks a daemon of an older version to take no new runs and to end when those that need it have; durable ones are gone on
 * with by the next daemon. At the limit the others are ended. Resolves when its process is gone; `timed_out` when it stays.
 */
export async function handOver(
  { transport, health }: Pick<Found, "transport" | "health">,
  { version, limitMs = defaultLimitMs, onWaiting }: HandoverOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { pid } = health;
  const runs = await countRuns(transport).catch(() => undefined);
  const ask = (drain: boolean) =>
    // It may be gone before it has answered.
    requestJson(transport, shutdown, { body: { drain }, ownConnection: true, signal }).catch(() => undefined);
  await ask(true);
  if (await isGone(pid, momentMs, signal)) return;
  const endingNow = new AbortController();
  const work = (async () => {
    const waiting = signal === undefined ? endingNow.signal : AbortSignal.any([signal, endingNow.signal]);
    if (await isGone(pid, limitMs, waiting).catch(() => false)) return;
    signal?.throwIfAborted();
    await ask(false);
    if (!(await isGone(pid, endMs, signal))) throw stays(health);
  })();
  const over = work.catch(() => undefined);
  onWaiting?.({
    olderVersion: health.version,
    newerVersion: version,
    runs,
    limitMs,
    over,
    endNow: () => endingNow.abort(),
  });
  await work;
}

const isStats = isObjectWith({
  runs: isObjectWith({ queued: isWhole, connecting: isWhole, running: isWhole }),
});

async function countRuns(transport: Found["transport"]): Promise<number | undefined> {
  const answer = await requestJson(transport, stats, { ownConnection: true });
  if (!isStats(answer)) return undefined;
  return sum(answer);
}

function sum(value: unknown): number {
  if (typeof value !== "object" || value === null || !("runs" in value)) return 0;
  return Object.values(value.runs ?? {})
    .filter((count) => typeof count === "number")
    .reduce((total, count) => total + count, 0);
}

function stays({ pid, version }: Found["health"]): Problem {
  return new Problem(
    "timed_out",
    `The Hostrun daemon of version ${version} (process ${pid}) was asked to make room for a newer one, but is still there. ` +
      "`hostrun restart --force` ends it.",
  );
}
