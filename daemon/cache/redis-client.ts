import { Cluster, Redis, type RedisOptions } from "ioredis";
import { backOffMs } from "../core/back-off.ts";

export type RedisClient = Redis | Cluster;

const commandTimeoutMs = 200;
const sentinelPort = 26_379;

/**
 * Creates a client for `redisUrl`: one server (`redis://`), the master known to sentinels
 * (`redis+sentinel://[user:password@]host[:port]/NAME[/DB]`) or a cluster (`redis+cluster://…`); `rediss` uses TLS. For
 * the last two, `also=host:port,…` lists further sentinels or nodes to start with, and `sentinelPassword` is for the
 * sentinels themselves.
 */
export function createRedisClient(url: string): RedisClient {
  const { protocol } = new URL(url);
  const retryStrategy = (times: number): number => backOffMs(times, { firstMs: 400, maxMs: 5000 });
  const common = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2000,
  };
  if (protocol.endsWith("+sentinel:")) {
    const strategies = { retryStrategy, sentinelRetryStrategy: retryStrategy };
    return new Redis({ ...sentinelOptions(url), ...common, ...strategies });
  }
  if (protocol.endsWith("+cluster:")) {
    const { nodes, ...login } = partsOf(url);
    return new Cluster(nodes, {
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      // Retry soon when a node is gone, and not sixteen times.
      maxRedirections: 2,
      retryDelayOnFailover: 10,
      retryDelayOnClusterDown: 10,
      retryDelayOnTryAgain: 10,
      redisOptions: { ...common, ...login },
    });
  }
  return new Redis(url, { ...common, retryStrategy });
}

/** A server to ask about itself. */
export interface RedisServer {
  readonly kind: "server" | "sentinel" | "node";
  readonly options: Omit<RedisOptions, "replyMapping">;
}

/** The servers that the URL names. */
export function serversOf(url: string): RedisServer[] {
  const { protocol } = new URL(url);
  const { nodes, ...login } = partsOf(url);
  if (protocol.endsWith("+sentinel:")) {
    const { sentinelPassword: password } = sentinelOptions(url);
    const own = password === undefined ? {} : { password };
    return nodes.map((node) => ({ kind: "sentinel", options: { ...node, ...own } }));
  }
  if (protocol.endsWith("+cluster:"))
    return nodes.map((node) => ({ kind: "node", options: { ...node, ...login } }));
  // The client takes more from such a URL.
  const { replyMapping: _, ...options } = new Redis(url, { lazyConnect: true }).options;
  return [{ kind: "server", options }];
}

/** The server that sentinels name as the master. */
export function masterOf(url: string, host: string, port: number): RedisServer {
  const { nodes: _, ...login } = partsOf(url);
  return { kind: "server", options: { host, port, ...login } };
}

export function masterNameOf(url: string): string {
  return sentinelOptions(url).name ?? "";
}

function sentinelOptions(url: string): Omit<RedisOptions, "replyMapping"> {
  const { nodes, ...login } = partsOf(url);
  const { pathname, searchParams, protocol } = new URL(url);
  const [, name = "", db = "0"] = pathname.split("/");
  const sentinelPassword = searchParams.get("sentinelPassword");
  return {
    sentinels: nodes,
    name,
    db: Number(db),
    ...login,
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(protocol.startsWith("rediss") ? { enableTLSForSentinelMode: true } : {}),
  };
}

interface Parts extends Pick<RedisOptions, "username" | "password" | "tls"> {
  readonly nodes: { readonly host: string; readonly port: number }[];
}

function partsOf(url: string): Parts {
  const { protocol, host, username, password, searchParams } = new URL(url);
  const usual = protocol.endsWith("+sentinel:") ? sentinelPort : 6379;
  const nodes = [host, ...(searchParams.get("also")?.split(",") ?? [])].map((text) => nodeOf(text, usual));
  return {
    nodes,
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(protocol.startsWith("rediss") ? { tls: {} } : {}),
  };
}

function nodeOf(text: string, usual: number): Parts["nodes"][number] {
  const { hostname, port } = new URL(`redis://${text}`);
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? usual : Number(port) };
}
