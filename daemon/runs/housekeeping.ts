import type { Settings } from "../../protocol/settings.ts";
import type { Log } from "../core/log.ts";
import type { RunEngine } from "./engine.ts";
import { forgetOldest } from "./retention.ts";
import type { RunStore } from "./record/run-store.ts";

export interface HousekeepingParts {
  readonly store: Pick<RunStore, "forgetKeysBefore" | "oldestEnded" | "usedBytes" | "sweepFiles">;
  readonly engine: Pick<RunEngine, "counts">;
  readonly settings: () => Pick<Settings, "idleExitMs" | "historyDays" | "historyMaxBytes">;
  readonly log: Log;
  /** Deletes a run with its output, and emits its deletion. */
  readonly forget: (id: string) => Promise<void>;
  /** Milliseconds since the last client request, while no stream is open. */
  readonly quietMs: () => number;
  /** Called once, when the daemon has had nothing to do for `idleExitMs`. */
  readonly onIdle: () => void;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** Pause between two deletions, in which other work gets its turn. */
const restMs = 20;
const keyLifetimeMs = 24 * hourMs;

/** Periodic work: deletes old idempotency keys and runs, and ends an idle daemon. */
export function openHousekeeping(parts: HousekeepingParts): Disposable {
  const forgetKeys = (): void => {
    try {
      parts.store.forgetKeysBefore(new Date(Date.now() - keyLifetimeMs).toISOString());
    } catch (failure) {
      // A full disk must neither keep the daemon from starting nor end it an hour later.
      parts.log.warn("Old idempotency keys cannot be forgotten now; it is tried again in an hour", {
        failure,
      });
    }
  };
  const endWhenIdle = (): void => {
    const { idleExitMs } = parts.settings();
    const { queued, connecting, running } = parts.engine.counts();
    if (idleExitMs > 0 && queued + connecting + running === 0 && parts.quietMs() >= idleExitMs)
      parts.onIdle();
  };
  forgetKeys();
  const forgetRuns = (): void => {
    void forgetOldest({ ...parts, now: Date.now }).then(
      (more) => forgettingAgainIn(more ? restMs : minuteMs),
      (failure: unknown) => {
        parts.log.warn("Old runs cannot be forgotten now; it is tried again in a minute", { failure });
        forgettingAgainIn(minuteMs);
      },
    );
  };
  let over = false;
  let forgetting: NodeJS.Timeout | undefined;
  const forgettingAgainIn = (ms: number): void => {
    if (!over) forgetting = setTimeout(forgetRuns, ms).unref();
  };
  forgettingAgainIn(1000);
  const sweeping = new AbortController();
  parts.store.sweepFiles(sweeping.signal).catch((failure: unknown) => {
    parts.log.warn("The output of deleted runs could not be removed", { failure });
  });
  const timers = [setInterval(forgetKeys, hourMs), setInterval(endWhenIdle, 1000)];
  for (const timer of timers) timer.unref();
  return {
    [Symbol.dispose]: () => {
      over = true;
      sweeping.abort();
      clearTimeout(forgetting);
      for (const timer of timers) clearInterval(timer);
    },
  };
}
