import { Problem } from "../protocol/problem.ts";
import type { Found } from "./discover.ts";
import { isGone } from "./end-daemon.ts";
import { countRuns, requestShutdown } from "./shutdown.ts";

/** An older daemon that is to be replaced, and that has runs that depend on it. */
export interface Handover {
  readonly olderVersion: string;
  readonly newerVersion: string;
  /** The number of running commands, if it is known. */
  readonly runs: number | undefined;
  /** After this the remaining runs are ended. */
  readonly limitMs: number;
  /** Settles when the daemon is gone, or will not exit. */
  readonly over: Promise<void>;
  /** Ends the remaining runs at once. */
  readonly endNow: () => void;
}

export interface HandoverOptions {
  /** This program's own version. */
  readonly version: string;
  readonly limitMs?: number | undefined;
  /** Called if it takes longer than a moment, so that the user learns what is being waited for. */
  readonly onWaiting?: ((handover: Handover) => void) | undefined;
}

const defaultLimitMs = 600_000;
const momentMs = 500;
const endMs = 10_000;

/**
 * Asks a daemon of an older version to accept no new runs and to exit when those that depend on it have ended; durable
 * ones are continued by the next daemon. At the limit the others are ended. Resolves when its process is gone; rejects
 * with `timed_out` if it stays.
 */
export async function handOver(
  { transport, health }: Pick<Found, "transport" | "health">,
  { version, limitMs = defaultLimitMs, onWaiting }: HandoverOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { pid } = health;
  const runs = await countRuns(transport).catch(() => undefined);
  const ask = (drain: boolean) =>
    // It may exit before it has answered.
    requestShutdown(transport, drain, signal).catch(() => undefined);
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

function stays({ pid, version }: Found["health"]): Problem {
  return new Problem(
    "timed_out",
    `The Hostrun daemon of version ${version} (process ${pid}) was asked to make room for a newer one, but is still there. ` +
      "`hostrun restart --force` ends it.",
  );
}
