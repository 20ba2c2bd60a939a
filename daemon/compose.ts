import { createServer } from "node:http";
import { join } from "node:path";
import { parseListenAddress } from "../protocol/listen-address.ts";
import { placeNames } from "../protocol/places.ts";
import { type DaemonEnvironment, openContext, readSettings, type SettingsPlace } from "./compose/context.ts";
import { openHosts } from "./compose/hosts.ts";
import { openCleaning } from "./compose/housekeeping.ts";
import { openHttp } from "./compose/http.ts";
import { openListeners } from "./compose/listeners.ts";
import { openRuns } from "./compose/runs.ts";
import { openStorage } from "./compose/storage.ts";
import { openTransport } from "./compose/transport.ts";
import { removeDrafts } from "../state-directory/atomic-file.ts";
import { removeDiscoveryFile, urlOfRunning } from "./core/discovery-file.ts";
import { openIdleMemory } from "./core/idle-memory.ts";
import { within } from "./core/in-time.ts";
import { Scope } from "./core/scope.ts";
import { makeRoomToStart } from "./core/state-directory.ts";
import { listenOnTcp } from "./http/listen.ts";
import { openInstanceLock } from "./store/instance-lock.ts";

export interface OpenedDaemon extends AsyncDisposable {
  /** Accepts no new runs, and waits for the current ones for at most `drainTimeoutMs`. */
  drain(): Promise<void>;
  /**
   * Resolves once the first run, or the first few, have been handled: the code that they need has been compiled by then.
   */
  readonly served: Promise<void>;
}

/** Builds the whole daemon in order and starts to listen. Disposing tears it down in reverse. */
export async function openDaemon(environment: DaemonEnvironment): Promise<OpenedDaemon> {
  const scope = new Scope();
  try {
    const context = openContext(environment, scope);
    const { stateDirectory, nativeBinding, log, pid, version } = context;
    const lock = scope.own(openInstanceLock(join(stateDirectory, placeNames.instanceLock), nativeBinding));
    makeRoomToStart(stateDirectory);
    removeDiscoveryFile(stateDirectory);
    removeDrafts(stateDirectory);
    const storage = openStorage(context, scope);
    const hosts = openHosts(context, storage);
    const transport = openTransport(context, storage, scope);
    const runs = openRuns(context, { ...storage, ...hosts, ...transport }, scope);
    const services = { ...storage, ...hosts, ...transport, ...runs };
    const http = openHttp(context, services, scope);
    openCleaning(context, services, http.quietMs, scope);
    scope.own(openIdleMemory({ memory: context.memory, collect: context.collectGarbage }));
    const gone = (): void => {
      log.warn("The state directory is gone: the daemon ends with its runs");
      runs.engine.drain();
      void runs.drained().then(() => context.onShutdown("its state directory is gone"));
    };
    const { isInPlace } = lock;
    const socket = await openListeners(context, http, { isInPlace, gone }, scope);
    scope.defer(() => http.streams.stop());
    // Disposed of first: current runs are reported as unknown while their readers are still connected.
    scope.defer(() => runs.engine[Symbol.asyncDispose]());
    scope.defer(() => runs.jobs.stop());
    scope.defer(() => log.info("The daemon stops"));
    storage.database.reserve.hold();
    log.info("The daemon is ready", { pid, version, socket });
    const drain = async (): Promise<void> => {
      const { drainTimeoutMs } = context.settings.current;
      const { queued, connecting, running } = runs.engine.counts();
      log.info("The daemon takes no new runs", { queued, connecting, running, drainTimeoutMs });
      runs.engine.drain();
      await within(drainTimeoutMs, runs.drained());
    };
    return { drain, served: runs.served, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() };
  } catch (failure) {
    await scope[Symbol.asyncDispose]();
    throw failure;
  }
}

/**
 * Checks whether a daemon could start in place of the running one, before that is stopped: rejects with the Problem that
 * it would exit with, for an invalid setting or an unavailable address. Changes nothing.
 */
export async function checkStart(place: SettingsPlace): Promise<void> {
  const settings = readSettings(place);
  const { listen } = settings.current;
  const wanted = parseListenAddress(listen ?? "");
  // An address that the running daemon listens on will be free.
  if (wanted === undefined || urlOfRunning(place.stateDirectory) === `http://${listen}`) return;
  const listener = await listenOnTcp(createServer(), wanted, settings.sourceOf("listen"));
  await listener[Symbol.asyncDispose]();
}
