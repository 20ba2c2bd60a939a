import type { Settings } from "../../protocol/settings.ts";
import type { RunEngine } from "./engine.ts";
import type { RunStore } from "./run-store.ts";

export interface HousekeepingParts {
  readonly store: RunStore;
  readonly engine: RunEngine;
  readonly settings: () => Settings;
  /** Milliseconds for which no client has asked anything and no stream was open. */
  readonly quietMs: () => number;
  /** Called once, when the daemon has had nothing to do for `idleExitMs`. */
  readonly onIdle: () => void;
}

const hourMs = 3_600_000;
const keyLifetimeMs = 24 * hourMs;

/** What is done now and then: old idempotency keys go, and a daemon that nobody needs ends. */
export function openHousekeeping(parts: HousekeepingParts): Disposable {
  const forgetKeys = (): void =>
    parts.store.forgetKeysBefore(new Date(Date.now() - keyLifetimeMs).toISOString());
  const endWhenIdle = (): void => {
    const { idleExitMs } = parts.settings();
    const { queued, connecting, running } = parts.engine.counts();
    if (idleExitMs > 0 && queued + connecting + running === 0 && parts.quietMs() >= idleExitMs)
      parts.onIdle();
  };
  forgetKeys();
  const timers = [setInterval(forgetKeys, hourMs), setInterval(endWhenIdle, 1000)];
  for (const timer of timers) timer.unref();
  return {
    [Symbol.dispose]: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
