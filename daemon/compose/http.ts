import type { Server } from "node:http";
import { join } from "node:path";
import { build } from "../../protocol/build.ts";
import { protocolVersion } from "../../protocol/discovery.ts";
import type { Health, Stats } from "../../protocol/stats.ts";
import { writeDiscoveryFile } from "../core/discovery-file.ts";
import type { Scope } from "../core/scope.ts";
import { placeNames } from "../../protocol/places.ts";
import { parseListenAddress } from "../../protocol/listen-address.ts";
import { AccessToken } from "../core/access-token.ts";
import { openPrivateDirectory } from "../core/private-directory.ts";
import type { Access } from "../http/access.ts";
import { listen, listenOnTcp, maxSocketPathBytes } from "../http/listen.ts";
import { Snippets } from "../snippets/snippets.ts";
import { createSnippetStore } from "../store/snippets.ts";
import { snippetRoutes } from "../http/routes/snippets.ts";
import { OutputDiff } from "../diff/output-diff.ts";
import { EarlyConnections } from "../hosts/early-connections.ts";
import { connectionRoutes } from "../http/routes/connections.ts";
import { daemonRoutes } from "../http/routes/daemon.ts";
import { keyRoutes } from "../http/routes/keys.ts";
import { hostRoutes } from "../http/routes/hosts.ts";
import { promptRoutes } from "../http/routes/prompts.ts";
import { jobRoutes } from "../http/routes/jobs.ts";
import { runRoutes } from "../http/routes/runs.ts";
import { settingsRoutes } from "../http/routes/settings.ts";
import { createHttpServer, type HttpParts } from "../http/server.ts";
import { EventStreams } from "../http/event-streams.ts";
import { openStats, type StatsSources } from "../http/stats.ts";
import { Keys } from "../keys/keys.ts";
import { createKeySource } from "../ssh/auth/key-source.ts";
import { openHousekeeping } from "../runs/housekeeping.ts";
import type { DaemonContext } from "./context.ts";
import { Maintenance } from "./maintenance.ts";
import type { Hosts } from "./hosts.ts";
import type { Runs } from "./runs.ts";
import type { Storage } from "./storage.ts";
import type { Transport } from "./transport.ts";

export type Services = Storage & Hosts & Transport & Runs;

/** Sets the daemon listening, tells clients where, and cleans up while nothing else is under way. Returns the socket. */
export async function openHttp(context: DaemonContext, services: Services, scope: Scope): Promise<string> {
  const { log, clock, settings } = context;
  const streams = new EventStreams(log);
  const token = new AccessToken(join(context.stateDirectory, placeNames.token));
  const connections = { open: 0, refused: 0, requestsTimedOut: 0 };
  const stats = scope.own(
    openStats({ ...statsSources(context, services), streams: streams.metrics, connections }),
  );
  const handlers = handlersOf(context, services, { stats: stats.report, token });
  let askedAt = clock.elapsed();
  const serve = (access: Access): Server => {
    const limits = { limiter: cache.limiter, rateLimitPerMinute: () => settings.current.rateLimitPerMinute };
    const server = createHttpServer({ access, ...limits, handlers, streams, connections, log });
    return server.on("request", () => {
      askedAt = clock.elapsed();
    });
  };
  const { store, engine, history, cache } = services;
  scope.own(
    openHousekeeping({
      store,
      engine,
      settings: () => settings.current,
      log,
      forget: (id) => history.delete(id),
      quietMs: () => (streams.metrics.open > 0 ? 0 : clock.elapsed() - askedAt),
      onIdle: () => context.onShutdown("nobody needed it for idleExitMs"),
    }),
  );
  const socket = socketOf(context, scope);
  scope.own(await listen(serve(socketAccess(socket, token)), socket, context.activatedSocket));
  const url = await openTcp(context, token, serve, scope);
  // The instance lock is held until after this is taken back.
  writeDiscoveryFile({ ...context, socket, token, url }, scope);
  scope.defer(() => streams.stop());
  return socket;
}

/** In a private directory elsewhere where the state directory's path is too long for a socket. */
function socketOf(context: DaemonContext, scope: Scope): string {
  const { socket, log } = context;
  const name = `/${placeNames.socket}`;
  if (
    context.activatedSocket !== undefined ||
    socket.startsWith("\\\\") ||
    Buffer.byteLength(socket) <= maxSocketPathBytes
  )
    return socket;
  const maxBytes = maxSocketPathBytes - name.length;
  const directory = scope.own(openPrivateDirectory({ ...context, purpose: "d", maxBytes }));
  const elsewhere = directory.path + name;
  log.info("The state directory's path is too long for a socket, which is elsewhere", { socket: elsewhere });
  return elsewhere;
}

/** The name of a pipe can be known to anybody. */
function socketAccess(socket: string, token: AccessToken): Access {
  return socket.startsWith("\\\\") ? { by: "token", token } : { by: "permission" };
}

/** The URL; null where TCP is not asked for. Whoever showed a token that was replaced is shown out. */
async function openTcp(
  { settings, log }: DaemonContext,
  token: AccessToken,
  serve: (access: Access) => Server,
  scope: Scope,
): Promise<string | null> {
  const wanted = parseListenAddress(settings.current.listen ?? "");
  if (wanted === undefined) return null;
  let authority = "";
  const server = serve({ by: "address", token, authority: () => authority });
  const listener = scope.own(await listenOnTcp(server, wanted));
  ({ authority } = listener);
  token.onReplaced(() => server.closeAllConnections());
  log.info("The daemon listens on TCP", { authority });
  return `http://${authority}`;
}

function handlersOf(
  context: DaemonContext,
  services: Services,
  { stats, token }: { readonly stats: () => Stats; readonly token: AccessToken },
): HttpParts["handlers"] {
  const { hosts, production, resolve, pool, knownHosts, prompts, latency, engine, history, jobs } = services;
  const { database, templateHost } = services;
  const { settings, changes, secrets, clock, version, pid } = context;
  const health = (): Health => ({
    status: engine.draining ? "draining" : "ok",
    version,
    protocol: protocolVersion,
    build,
    pid,
  });
  const connectTimeoutMs = () => settings.current.connectTimeoutMs;
  const keys = keysOf(context, pool);
  const diff = new OutputDiff({ history, clock, script: context.differ });
  return {
    ...daemonRoutes({
      health,
      stats,
      durations: () => latency.durations(),
      changes,
      shutdown: shutdownOf(context, services),
      replaceToken: () => token.replace(),
      maintenance: new Maintenance(context, services),
    }),
    ...hostRoutes({
      hosts,
      resolve,
      remote: pool,
      early: new EarlyConnections({ remote: pool, clock, log: context.log, connectTimeoutMs }),
      production,
      secrets,
      prompts,
      clock,
      connectTimeoutMs,
      changed: (testId, steps) => changes.publish({ type: "hostTest", testId, steps }),
    }),
    ...promptRoutes(prompts),
    ...snippetRoutes(new Snippets({ store: createSnippetStore(database), clock, host: templateHost })),
    ...keyRoutes({ keys, resolve, prompts, connectTimeoutMs }),
    ...jobRoutes(jobs, diff),
    ...runRoutes({ production, engine, history, diff, own: context }),
    ...settingsRoutes(settings, () =>
      changes.publish({ type: "settingsChanged", settings: settings.report().values }),
    ),
    ...connectionRoutes(pool, knownHosts),
  };
}

function shutdownOf({ onShutdown }: DaemonContext, { engine, drained }: Services): (drain: boolean) => void {
  const asked = "a client asked for it";
  return (drain) => {
    engine.drain();
    if (drain) void drained().then(() => onShutdown(`${asked}, and every run has ended`));
    else onShutdown(asked);
  };
}

function keysOf(context: DaemonContext, remote: Services["pool"]): Keys {
  const { files, uid, home, settings, environment, agentSocket } = context;
  return new Keys({
    source: createKeySource(files, uid),
    files,
    directory: join(home, ".ssh"),
    environment,
    agentSocket,
    remote,
    defaultType: () => settings.current.defaultKeyType,
  });
}

function statsSources(
  context: DaemonContext,
  services: Services,
): Omit<StatsSources, "streams" | "connections"> {
  const { version, pid, startedAt, clock } = context;
  const { database, store, cache, pool, latency, engine, damagedStore } = services;
  const beganAt = clock.elapsed();
  return {
    daemon: () => {
      const { rss, heapUsed } = context.memory();
      const uptimeMs = Math.round(clock.elapsed() - beganAt);
      return { version, pid, startedAt, uptimeMs, rssBytes: rss, heapUsedBytes: heapUsed };
    },
    runs: () => ({ ...engine.counts(), ended: engine.endedCount }),
    pool: () => pool.metrics(),
    latency: () => latency.report(),
    cache: () => cache.metrics(),
    store: () => {
      const pinned = store.pinned();
      return {
        journalMode: database.journalMode(),
        sizeBytes: database.sizeBytes() + store.bytesInFiles(),
        runs: store.countRuns(),
        pinnedRuns: pinned.runs,
        pinnedBytes: pinned.bytes,
        damaged: damagedStore,
      };
    },
    nativeCrypto: pool.nativeCrypto,
  };
}
