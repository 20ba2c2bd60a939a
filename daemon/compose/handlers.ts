import { join } from "node:path";
import { build } from "../../protocol/build.ts";
import { protocolVersion } from "../../protocol/discovery.ts";
import type { Health, Stats } from "../../protocol/stats.ts";
import type { AccessToken } from "../core/access-token.ts";
import { OutputDiff } from "../diff/output-diff.ts";
import { EarlyConnections } from "../hosts/early-connections.ts";
import { connectionRoutes } from "../http/routes/connections.ts";
import { daemonRoutes } from "../http/routes/daemon.ts";
import { hostRoutes } from "../http/routes/hosts.ts";
import { jobRoutes } from "../http/routes/jobs.ts";
import { keyRoutes } from "../http/routes/keys.ts";
import { promptRoutes } from "../http/routes/prompts.ts";
import { runRoutes } from "../http/routes/runs.ts";
import { settingsRoutes } from "../http/routes/settings.ts";
import { snippetRoutes } from "../http/routes/snippets.ts";
import type { HttpParts } from "../http/server.ts";
import { Keys } from "../keys/keys.ts";
import { Snippets } from "../snippets/snippets.ts";
import { createKeySource } from "../ssh/auth/key-source.ts";
import { createSnippetStore } from "../store/snippets.ts";
import type { DaemonContext } from "./context.ts";
import { Maintenance } from "./maintenance.ts";
import type { Services } from "./services.ts";

/** The handler of each endpoint. */
export function createHandlers(
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
  settings.onChange(() => changes.publish({ type: "settingsChanged", settings: settings.report().values }));
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
    ...settingsRoutes(settings),
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
