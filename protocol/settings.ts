import * as z from "zod";
import { ListenText } from "./listen-address.ts";
import { HostKeyPolicy, Port, UserName } from "./host.ts";
import { isPercentEncoded } from "./percent-encoding.ts";

const span = (max: number) => z.int().min(0).max(max);
const dayMs = 86_400_000;

/** As accepted by `ssh-keygen -t`. */
export const KeyType = z.enum(["ed25519", "rsa", "ecdsa"]);
export type KeyType = z.infer<typeof KeyType>;

const fields = {
  poolMaxConnections: z.int().min(1).max(10_000),
  /** How long an unused connection is kept for the next run. */
  poolIdleMs: span(dayMs),
  channelsPerConnection: z.int().min(1).max(10),
  connectTimeoutMs: z.int().min(100).max(600_000),
  /** 0: no limit. */
  commandTimeoutMs: span(30 * dayMs),
  /**
   * The interval of keepalive messages; a connection is closed at the third when the two before went unanswered. 0:
   * off.
   */
  keepaliveMs: z.union([z.literal(0), z.int().min(100).max(3_600_000)], "must be 0, or 100 to 3,600,000"),
  maxQueuedRuns: z.int().min(0).max(1_000_000),
  /** null: the name of the user who runs the daemon. */
  defaultUser: UserName.nullable(),
  defaultPort: Port,
  defaultKeyType: KeyType,
  hostKeyPolicy: HostKeyPolicy,
  /** In bits: shorter RSA keys of hosts and of yours are refused (OpenSSH's RequiredRSASize). */
  requiredRsaSize: z.int().min(1024).max(16_384),
  /** How long a question waits for a person before it counts as declined. */
  promptTimeoutMs: z.int().min(100).max(3_600_000),
  /** null: the embedded cache. A password in it is shown as `***`. */
  redisUrl: z
    .url({ protocol: /^rediss?(?:\+(?:sentinel|cluster))?$/, abort: true })
    .refine(namesSentinels, "must be redis+sentinel://host[:port]/NAME[/DB]")
    .refine(canBeTaken, "has a login that is not percent-encoded, or another address that is not host[:port]")
    .nullable(),
  historyDays: z.int().min(0).max(36_500),
  historyMaxBytes: z.int().min(1_048_576),
  /** 0: never. */
  idleExitMs: span(30 * dayMs),
  /** How long a daemon waits after SIGTERM for its runs to end. */
  drainTimeoutMs: span(dayMs),
  logLevel: z.enum(["error", "warn", "info", "debug"]),
  /**
   * A TCP address to listen on besides the socket, e.g. "127.0.0.1:7000"; port 0: any. Takes effect at the next start.
   */
  listen: ListenText.nullable(),
  /** Over TCP: how many runs and jobs a client may start per minute. 0: no limit. */
  rateLimitPerMinute: z.int().min(0).max(1_000_000),
};

/** A sentinel URL must name the master. */
function namesSentinels(url: string): boolean {
  return !/^rediss?\+sentinel:/.test(url) || /^\/[\w.-]+(?:\/\d+)?$/.test(new URL(url).pathname);
}

/** What the daemon decodes only when it connects must not fail it then. */
function canBeTaken(url: string): boolean {
  const { username, password, searchParams } = new URL(url);
  const others = searchParams.get("also")?.split(",") ?? [];
  return (
    [username, password].every(isPercentEncoded) &&
    others.every((address) => URL.canParse(`redis://${address}`))
  );
}

/** Every setting of the daemon. Durations are in milliseconds, sizes in bytes. */
export const Settings = z.strictObject(fields);
export type Settings = z.infer<typeof Settings>;

export const defaultSettings: Settings = {
  poolMaxConnections: 200,
  poolIdleMs: 60_000,
  channelsPerConnection: 5,
  connectTimeoutMs: 20_000,
  commandTimeoutMs: 1_800_000,
  keepaliveMs: 5000,
  maxQueuedRuns: 10_000,
  defaultUser: null,
  defaultPort: 22,
  defaultKeyType: "ed25519",
  hostKeyPolicy: "ask",
  requiredRsaSize: 2048,
  promptTimeoutMs: 120_000,
  redisUrl: null,
  historyDays: 30,
  historyMaxBytes: 2_147_483_648,
  idleExitMs: 0,
  drainTimeoutMs: 3000,
  logLevel: "info",
  listen: null,
  rateLimitPerMinute: 30,
};

/** Settings in a response: a newer daemon may have more of them. */
export const SettingsValues = z.object(fields);

export const SettingSource = z.enum(["default", "config", "environment", "flag"]);
export type SettingSource = z.infer<typeof SettingSource>;

/** The effective settings, and the source of each. */
export const SettingsReport = z
  .object({
    values: SettingsValues,
    sources: z.record(z.string(), SettingSource),
  })
  .meta({ id: "SettingsReport" });
export type SettingsReport = z.infer<typeof SettingsReport>;

/** New values for config.json; null resets a setting to its default. */
export const SettingsPatch = z.strictObject(
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.nullable().optional()])),
);
