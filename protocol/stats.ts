import * as z from "zod";

const count = z.int().nonnegative();
const figure = z.number().nonnegative().nullable();
/** Milliseconds over the latest runs; null where none was measured. */
const Latency = z.object({ count, p50: figure, p95: figure, p99: figure });
export type Latency = z.infer<typeof Latency>;
/** The number of runs that took up to this long and longer than the bucket before; the last one is unbounded. */
const Buckets = z.array(z.object({ upToMs: z.number().nullable(), count }));
/** For the runs on one host; `latest`: total durations of the latest ones, in order. */
const HostLatency = z.object({
  host: z.string(),
  warm: Latency,
  cold: Latency,
  latest: z.array(z.object({ totalMs: z.number().nonnegative(), warm: z.boolean() })),
  buckets: z.object({ warm: Buckets, cold: Buckets }),
});
export type HostLatency = z.infer<typeof HostLatency>;

/** Only measured values; null where nothing was measured yet. */
export const Stats = z
  .object({
    daemon: z.object({
      version: z.string(),
      pid: z.int(),
      startedAt: z.iso.datetime(),
      uptimeMs: count,
      rssBytes: count,
      heapUsedBytes: count,
      /** Since the daemon started; measured every 20 ms. */
      eventLoopDelayP99Ms: figure,
    }),
    runs: z.object({ queued: count, connecting: count, running: count, ended: count }),
    pool: z.object({
      connections: count,
      idle: count,
      busy: count,
      channels: count,
      /** Since the daemon started. */
      opened: count,
      /** Runs that were given a connection, and those among them whose connection was open before. */
      runs: count,
      reused: count,
      evicted: count,
      failed: count,
    }),
    /** `hosts`: the 50 with the latest runs, most recent first. */
    latency: z.object({ warm: Latency, cold: Latency, hosts: z.array(HostLatency) }),
    cache: z.object({
      backend: z.enum(["memory", "redis"]),
      connected: z.boolean(),
      /** For results that may be returned again. */
      hits: count,
      misses: count,
      hitRate: z.number().min(0).max(1).nullable(),
      /** For the process details of a run, which every reader requests. */
      processHits: count,
      processMisses: count,
      /** For the cache in the daemon, also while it replaces Redis: up to 16 MiB. */
      evictions: count,
      sizeBytes: count,
      /** Why Redis is not used at present, or accepts no writes: the password is wrong, it is full, a replica. */
      problem: z.string().nullable(),
    }),
    store: z.object({
      journalMode: z.string().nullable(),
      sizeBytes: count.nullable(),
      runs: count.nullable(),
      /** Runs that are exempt from the history's limits, and the recorded bytes of their output. */
      pinnedRuns: count.nullable(),
      pinnedBytes: count.nullable(),
      /** Why the store cannot be read at present, e.g. because it is damaged; the figures above are then null. */
      problem: z.string().nullable(),
      /** Where what was left of a store that was found damaged or missing at this start was moved; else null. */
      damaged: z.string().nullable(),
    }),
    streams: z.object({ open: count, opened: count, resumed: count, bytesSent: count }),
    /**
     * Connections of clients: open ones, those that were refused since too many were open, and requests that timed out
     * before their body was received.
     */
    http: z.object({ open: count, refused: count, requestsTimedOut: count }),
    /** Whether SSH decoding runs in ssh2's native binding or in JavaScript. */
    ssh: z.object({ nativeCrypto: z.boolean() }),
  })
  .meta({ id: "Stats" });
export type Stats = z.infer<typeof Stats>;

export const Health = z.object({
  status: z.enum(["ok", "draining"]),
  version: z.string(),
  protocol: z.int(),
  /** The build of this version; absent in older daemons. */
  build: z.string().optional(),
  pid: z.int(),
});
export type Health = z.infer<typeof Health>;

/** Which Hostrun a daemon is of; `protocol` is the version of the API. */
export const Version = Health.pick({ version: true, protocol: true, build: true });
export type Version = z.infer<typeof Version>;

/** What opened a connection: ssh2 in the daemon, or the system's `ssh`. */
export const ConnectionTransport = z.enum(["ssh2", "openssh"]);
export type ConnectionTransport = z.infer<typeof ConnectionTransport>;

/** One pooled SSH connection. */
export const Connection = z
  .object({
    id: z.string(),
    host: z.string(),
    user: z.string(),
    address: z.string(),
    port: z.int(),
    jump: z.array(z.string()),
    state: z.enum(["connecting", "idle", "busy", "closed"]),
    channels: count,
    openedAt: z.iso.datetime().nullable(),
    runs: count,
    server: z.string().nullable(),
    /** In OpenSSH's spelling, like the other algorithms; `mac` is "" where the cipher includes one. */
    kex: z.string().nullable(),
    cipher: z.string().nullable(),
    mac: z.string().nullable(),
    hostKeyType: z.string().nullable(),
    hostKeyFingerprint: z.string().nullable(),
    transport: ConnectionTransport,
    /** Why ssh2 was not used, as a clause: "it uses a certificate"; null where it was. */
    transportReason: z.string().nullable(),
  })
  .meta({ id: "Connection" });
export type Connection = z.infer<typeof Connection>;
