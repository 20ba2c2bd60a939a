import type { Scope } from "../core/scope.ts";
import { openHousekeeping } from "../runs/housekeeping.ts";
import type { DaemonContext } from "./context.ts";
import type { Services } from "./services.ts";

/** Cleans up while the daemon is idle; `quietMs`: how long no client has made a request. */
export function openCleaning(
  { settings, log, onShutdown }: DaemonContext,
  { store, engine, history }: Services,
  quietMs: () => number,
  scope: Scope,
): void {
  scope.own(
    openHousekeeping({
      store,
      engine,
      settings: () => settings.current,
      log,
      forget: (id) => history.delete(id),
      quietMs,
      onIdle: () => onShutdown("nobody needed it for idleExitMs"),
    }),
  );
}
