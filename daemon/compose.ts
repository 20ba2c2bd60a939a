import { join } from "node:path";
import { protocolVersion } from "../protocol/discovery.ts";
import { placeNames } from "../protocol/places.ts";
import type { Health } from "../protocol/stats.ts";
import { announce } from "./core/announce.ts";
import { removeDrafts } from "./core/atomic-file.ts";
import { createMemoryCache } from "./cache/memory.ts";
import { openRedisCache } from "./cache/redis.ts";
import { ChangeLog } from "./core/changes.ts";
import { systemClock as clock } from "./core/clock.ts";
import { createLog, type Log } from "./core/log.ts";
import { createLogFile } from "./core/log-file.ts";
import { Scope } from "./core/scope.ts";
import { prepareStateDirectory } from "./core/state-directory.ts";
import { openUserFiles, type UserFiles, type UserFilesOptions } from "./core/user-files.ts";
import { HostDirectory } from "./hosts/directory.ts";
import { createResolution } from "./hosts/resolution.ts";
import { listen } from "./http/listen.ts";
import { connectionRoutes } from "./http/routes/connections.ts";
import { daemonRoutes } from "./http/routes/daemon.ts";
import { hostRoutes } from "./http/routes/hosts.ts";
import { runRoutes } from "./http/routes/runs.ts";
import { settingsRoutes } from "./http/routes/settings.ts";
import { createHttpServer } from "./http/server.ts";
import { StreamFigures } from "./http/sse.ts";
import { openStats, type StatsSources } from "./http/stats.ts";
import { RunEngine } from "./runs/engine.ts";
import { RunHistory } from "./runs/history.ts";
import { openHousekeeping } from "./runs/housekeeping.ts";
import { LatencyRecord } from "./runs/latency.ts";
import { closeOpenRuns } from "./runs/recovery.ts";
import { openSearchIndexing } from "./runs/search-indexing.ts";
import { SettingsFile } from "./settings/settings.ts";
import { openKnownHosts } from "./ssh/host-keys/known-hosts.ts";
import { openPool } from "./ssh/pool/pool.ts";
import { openDatabase } from "./store/database.ts";
import { createDurablePlans } from "./store/durable-runs.ts";
import { createHostOverlays } from "./store/host-overlays.ts";
import { createHostStore } from "./store/hosts.ts";
import { openInstanceLock } from "./store/instance-lock.ts";
import { createShellMemory } from "./store/login-shells.ts";
import { putDamagedAside } from "./store/quarantine.ts";
import { createRunStore } from "./store/runs.ts";

/** What the daemon knows of the process it is and of the person it runs for. */
export interface Surroundings {
  readonly stateDirectory: string;
  /** Where clients connect: a path, or the name of a pipe on Windows. */
  readonly socket: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings given on the command line, by their names in kebab case. */
  readonly flags: Readonly<Record<string, string>>;
  readonly version: string;
  readonly pid: number;
  /** Where the log is shown besides its file, when somebody watches. */
  readonly showLog: ((line: string) => void) | undefined;
  readonly memory: () => { readonly rss: number; readonly heapUsed: number };
  readonly home: string;
  readonly user: string;
  readonly agentSocket: string | null;
  /** undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  readonly migrations: string;
  readonly nativeBinding: string | undefined;
  /** What reads the files that people name. */
  readonly reader: UserFilesOptions["program"];
  /** Called when the daemon is to stop; disposing its scope does it. */
  readonly onShutdown: (reason: string) => void;
  /** Has every failure told that nobody caught. */
  readonly onFault: (tell: (failure: unknown) => void) => void;
}

/** The surroundings with what is read from them first. */
interface House extends Surroundings {
  readonly settings: SettingsFile;
  readonly log: Log;
  readonly files: UserFiles;
}

type Storage = ReturnType<typeof openStorage>;
type Hosts = ReturnType<typeof openHosts>;
type Ssh = ReturnType<typeof openSsh>;
type Rooms = { startedAt: string; changes: ChangeLog } & Storage & Hosts & Ssh & ReturnType<typeof openRuns>;

/** Builds the whole daemon in order and sets it listening. Disposing the scope takes it down in reverse. */
export async function openDaemon(surroundings: Surroundings): Promise<Scope> {
  const scope = new Scope();
  try {
    const around = openHouse(surroundings, scope);
    scope.own(openInstanceLock(join(around.stateDirectory, placeNames.instanceLock), around.nativeBinding));
    removeDrafts(around.stateDirectory);
    const startedAt = clock.now();
    const changes = new ChangeLog(clock);
    const storage = openStorage(around, scope);
    const hosts = openHosts(around, storage, changes);
    const ssh = openSsh(around, storage, changes, scope);
    const runs = openRuns(around, { ...storage, ...hosts, ...ssh }, changes, scope);
    await serve(around, { startedAt, changes, ...storage, ...hosts, ...ssh, ...runs }, scope);
    // The first to go: what still runs is told as unknown while its readers are there to hear it.
    scope.defer(() => runs.engine[Symbol.asyncDispose]());
    scope.defer(() => around.log.info("The daemon stops"));
    around.log.info("The daemon is ready", {
      pid: around.pid,
      version: around.version,
      socket: around.socket,
    });
    return scope;
  } catch (failure) {
    await scope[Symbol.asyncDispose]();
    throw failure;
  }
}

function openHouse(surroundings: Surroundings, scope: Scope): House {
  const { stateDirectory, environment, flags, reader } = surroundings;
  prepareStateDirectory(stateDirectory);
  const settings = new SettingsFile({ path: join(stateDirectory, "config.json"), environment, flags });
  const file = createLogFile(join(stateDirectory, placeNames.log));
  const log = createLog(
    () => settings.current.logLevel,
    (line) => {
      file(line);
      surroundings.showLog?.(line);
    },
  );
  // Every run stands by itself in the record: those under way are worth more than a clean end of the process.
  surroundings.onFault((failure) =>
    log.error("Hostrun failed in a way it should not; the daemon goes on", { failure }),
  );
  const files = scope.own(openUserFiles({ program: reader, log }));
  return { ...surroundings, settings, log, files };
}

function openStorage({ stateDirectory, migrations, nativeBinding, log, settings }: House, scope: Scope) {
  const path = join(stateDirectory, "hostrun.db");
  const damagedStore = putDamagedAside(path, nativeBinding, new Date()) ?? null;
  const afresh = "The store was damaged. It was put aside and a new one begun: hosts and history are empty";
  if (damagedStore !== null) log.warn(afresh, { damagedStore });
  const database = scope.own(openDatabase({ path, migrations, nativeBinding, log }));
  const store = createRunStore(database);
  const plans = createDurablePlans(database);
  const durable = plans.list();
  const closed = closeOpenRuns({ store, clock, log }, durable);
  if (closed > 0) log.warn("Runs that an earlier daemon left open have ended as unknown", { runs: closed });
  const { redisUrl } = settings.current;
  const cache = scope.own(redisUrl === null ? createMemoryCache() : openRedisCache(redisUrl, log));
  return { database, store, cache, plans, durable: durable.planned, damagedStore };
}

function openHosts(around: House, { database }: Storage, changes: ChangeLog) {
  const { home, user, files } = around;
  const settings = () => around.settings.current;
  const hosts = new HostDirectory({
    store: createHostStore(database, clock),
    overlays: createHostOverlays(database),
    settings,
    clock,
    files,
    home,
    localUser: user,
    onSaved: (host) => changes.publish({ type: "hostSaved", host }),
    onDeleted: ({ id, name }) => changes.publish({ type: "hostDeleted", id, name }),
  });
  const resolve = createResolution({
    stored: (host) => hosts.stored(host),
    configured: (alias) => hosts.configured(alias),
    matching: (name) => hosts.matching(name),
    settings,
    home,
    localUser: user,
  });
  return { hosts, resolve };
}

function openSsh(around: House, { database }: Storage, changes: ChangeLog, scope: Scope) {
  const { stateDirectory, home, settings, log, files } = around;
  const own = join(stateDirectory, "known_hosts");
  const users = ["known_hosts", "known_hosts2"].map((name) => join(home, ".ssh", name));
  const read = [...users, "/etc/ssh/ssh_known_hosts"];
  const knownHosts = openKnownHosts({ own, others: read, files, clock, log });
  const limits = () => {
    const { poolMaxConnections: maxConnections, poolIdleMs: idleMs, ...others } = settings.current;
    return { maxConnections, idleMs, ...others };
  };
  const shells = createShellMemory(database);
  const onChange = (change: Parameters<ChangeLog["publish"]>[0]) => changes.publish(change);
  return {
    knownHosts,
    pool: scope.own(openPool({ limits, knownHosts, shells, clock, log, environment: around, onChange })),
  };
}

function openRuns(
  around: House,
  { store, cache, plans, durable, resolve, pool }: Storage & Hosts & Ssh,
  changes: ChangeLog,
  scope: Scope,
) {
  const latency = new LatencyRecord();
  const engine = scope.own(
    new RunEngine({
      store,
      plans,
      remote: pool,
      hosts: { resolve },
      cache,
      latency,
      settings: () => around.settings.current,
      clock,
      log: around.log,
      onChange: (run) => {
        changes.publish({ type: "runChanged", run });
        if (run.state === "ended") indexing.wake();
      },
    }),
  );
  const busy = () => Object.values(engine.counts()).some((count) => count > 0);
  const indexing = scope.own(openSearchIndexing({ store, clock, log: around.log, busy }));
  for (const run of durable) engine.resume(run);
  const onDeleted = (id: string) => changes.publish({ type: "runDeleted", id });
  return { latency, engine, history: new RunHistory({ store, engine, cache, onDeleted }) };
}

async function serve(around: House, rooms: Rooms, scope: Scope): Promise<void> {
  const { changes, hosts, resolve, pool, knownHosts, engine, history } = rooms;
  const { settings, log } = around;
  const figures = new StreamFigures(log);
  const connections = { open: 0, refused: 0, requestsTimedOut: 0 };
  const stats = scope.own(openStats({ ...statsSources(around, rooms), streams: figures, connections }));
  const health = (): Health => {
    const status = engine.draining ? "draining" : "ok";
    return { status, version: around.version, protocol: protocolVersion, pid: around.pid };
  };
  const shutdown = (drain: boolean): void => {
    engine.drain();
    if (drain)
      void engine.drained().then(() => around.onShutdown("a client asked for it, and every run has ended"));
    else around.onShutdown("a client asked for it");
  };
  const handlers = {
    ...daemonRoutes({ health, stats: stats.report, changes, shutdown }),
    ...hostRoutes({
      hosts,
      resolve,
      remote: pool,
      connectTimeoutMs: () => settings.current.connectTimeoutMs,
    }),
    ...runRoutes({ engine, history }),
    ...settingsRoutes(settings, () =>
      changes.publish({ type: "settingsChanged", settings: settings.report().values }),
    ),
    ...connectionRoutes(pool, knownHosts),
  };
  const server = createHttpServer({ handlers, figures, connections, log });
  let askedAt = clock.elapsed();
  server.on("request", () => {
    askedAt = clock.elapsed();
  });
  const quietMs = () => (figures.open > 0 ? 0 : clock.elapsed() - askedAt);
  const onIdle = () => around.onShutdown("nobody needed it for idleExitMs");
  scope.own(
    openHousekeeping({
      store: rooms.store,
      engine,
      settings: () => settings.current,
      log,
      forget: (id) => history.delete(id),
      quietMs,
      onIdle,
    }),
  );
  scope.own(await listen(server, around.socket));
  // The instance lock is held until after this is taken back.
  const { stateDirectory, version, pid, socket } = around;
  announce({ stateDirectory, version, pid, socket, startedAt: rooms.startedAt }, scope);
}

function statsSources(around: House, rooms: Rooms): Omit<StatsSources, "streams" | "connections"> {
  const { version, pid } = around;
  const { startedAt, database, store, cache, pool, latency, engine } = rooms;
  const beganAt = clock.elapsed();
  return {
    daemon: () => {
      const { rss, heapUsed } = around.memory();
      const uptimeMs = Math.round(clock.elapsed() - beganAt);
      return { version, pid, startedAt, uptimeMs, rssBytes: rss, heapUsedBytes: heapUsed };
    },
    runs: () => ({ ...engine.counts(), ended: engine.ended }),
    pool: () => pool.figures(),
    latency: () => latency.report(),
    cache: () => cache.figures(),
    store: () => ({
      journalMode: database.journalMode(),
      sizeBytes: database.sizeBytes() + store.bytesInFiles(),
      runs: store.countRuns(),
      damaged: rooms.damagedStore,
    }),
    nativeCrypto: pool.nativeCrypto,
  };
}
