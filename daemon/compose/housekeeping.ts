import type { Scope } from "../core/scope.ts";
import { openHousekeeping } from "../runs/housekeeping.ts";
import type { DaemonContext } from "./context.ts";
import type { Services } from "./services.ts";

/** Cleans up while nothing else is under way; `quietMs`: for how long no client has wanted anything. */
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
