import { type Discovery, parseDiscovery, protocolVersion } from "../protocol/discovery.ts";
import { isObjectWith, isOneOf, isText, isWhole } from "../protocol/check.ts";
import { Problem } from "../protocol/problem.ts";
import { routes } from "../protocol/routes.ts";
import { checkOwn, readOwnFile } from "../state-directory/own-file.ts";
import { checkStateDirectory } from "../state-directory/trusted-directory.ts";
import type { Health } from "../protocol/stats.ts";
import type { Places } from "./places.ts";
import { notUnderstood, parseJson, requestJson } from "./open-request.ts";
import { watchProcess } from "./process-watch.ts";
import { Transport } from "./transport.ts";

/** A daemon that daemon.json names. */
export interface DaemonCandidate {
  readonly discovery: Discovery;
  /** Owned by the caller. */
  readonly transport: Transport;
}

/** A daemon that has just answered. */
export interface Found extends DaemonCandidate {
  readonly health: Health;
}

/**
 * Finds the daemon of a state directory, which is proven to be alive by its answer and not by its pid; undefined when
 * none runs. Rejects with `daemon_incompatible` when it has another version of the API, `daemon_unreachable` when it
 * listens but hangs, or is busy for 30 s, `forbidden` when another user could have written the files that lead to it.
 */
export async function discover(places: Places, signal?: AbortSignal): Promise<Found | undefined> {
  const found = await discoverAny(places, signal);
  if (found !== undefined) requireProtocol(found, places);
  return found;
}

/**
 * The same, for a caller that would start one: a daemon that closes the connection is about to exit, and counts as not
 * running.
 */
export async function lookFor(places: Places, signal?: AbortSignal): Promise<Found | undefined> {
  const found = await lookForAny(places, signal);
  if (found !== undefined) requireProtocol(found, places);
  return found;
}

/** The same, whatever the version of its API. */
export async function lookForAny(places: Places, signal?: AbortSignal): Promise<Found | undefined> {
  try {
    return await discoverAny(places, signal);
  } catch (error) {
    if (error instanceof Problem && error.members.reason === "cut") return undefined;
    throw error;
  }
}

/** Throws `daemon_incompatible`, with what to do, for a daemon with another version of the API. */
export function requireProtocol({ health, transport }: Found, { discovery }: Places): void {
  if (health.protocol === protocolVersion) return;
  transport[Symbol.dispose]();
  const newer = health.protocol > protocolVersion;
  throw new Problem(
    "daemon_incompatible",
    `The running Hostrun daemon (version ${health.version}, process ${health.pid}) speaks version ${health.protocol} of the ` +
      `API, this program speaks ${protocolVersion} (${discovery}). ` +
      (newer ? "Update this program, or stop" : "Stop") +
      " the daemon with the Hostrun that started it (`hostrun stop --drain`), then try again.",
  );
}

async function discoverAny(places: Places, signal: AbortSignal | undefined): Promise<Found | undefined> {
  const candidate = candidateOf(places);
  if (candidate === undefined) return undefined;
  try {
    return { ...candidate, health: await checkHealth(candidate, signal) };
  } catch (error) {
    candidate.transport[Symbol.dispose]();
    if (isNotRunning(error)) return undefined;
    throw error;
  }
}

/** The daemon that daemon.json names, which may be gone. Throws `forbidden` as `discover` does. */
export function candidateOf(places: Places): DaemonCandidate | undefined {
  if (!checkStateDirectory(places.directory)) return undefined;
  const discovery = readDiscovery(places);
  if (discovery === undefined) return undefined;
  if (!isPipe(discovery.socket)) checkOwn(discovery.socket, "socket");
  return { discovery, transport: connect(discovery) };
}

/**
 * The content of daemon.json; undefined when it does not exist, or is nothing that a daemon writes. A daemon that is
 * running nevertheless still holds its lock, so that no second one starts beside it.
 */
export function readDiscovery({ discovery }: Places): Discovery | undefined {
  let text: string | undefined;
  try {
    text = readOwnFile(discovery);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("daemon_unreachable", `${discovery} cannot be read. See who owns it.`, {
      cause: error,
      reason: "not_allowed",
    });
  }
  return text === undefined ? undefined : parseDiscovery(parseJson(text));
}

export function isNotRunning(error: unknown): boolean {
  return isUnreachable(error, "not_running");
}

/** Whether a daemon is running but does not answer. */
export function isSilent(error: unknown): boolean {
  return isUnreachable(error, "silent");
}

function isUnreachable(error: unknown, reason: string): boolean {
  return error instanceof Problem && error.code === "daemon_unreachable" && error.members.reason === reason;
}

function connect({ socket, token }: Discovery): Transport {
  return new Transport(socket, isPipe(socket) ? token : undefined);
}

/** A Windows pipe has no owner to check: there the token authenticates. */
function isPipe(socket: string): boolean {
  return socket.startsWith("\\\\");
}

/** Rejects with `daemon_unreachable`: "silent" when the daemon hangs, or is busy for 30 s. */
export async function checkHealth(
  { transport, discovery }: DaemonCandidate,
  signal?: AbortSignal,
): Promise<Health> {
  const { pid } = discovery;
  const givenUp = new AbortController();
  using _ = watchProcess(pid, (why) => givenUp.abort(silent(pid, why)));
  try {
    const either = signal === undefined ? givenUp.signal : AbortSignal.any([signal, givenUp.signal]);
    return await requestHealth(transport, either);
  } catch (error) {
    signal?.throwIfAborted();
    givenUp.signal.throwIfAborted();
    throw error;
  }
}

export async function requestHealth(transport: Transport, signal: AbortSignal): Promise<Health> {
  // Most callers ask only once.
  const health = await requestJson(transport, routes.health, { ownConnection: true, signal });
  if (isHealth(health)) return health;
  throw notUnderstood(routes.health);
}

const isHealthResponse = isObjectWith({
  status: isOneOf("ok", "draining"),
  version: isText,
  protocol: isWhole,
  pid: isWhole,
});

function isHealth(value: unknown): value is Health {
  return isHealthResponse(value);
}

function silent(pid: number, why: "hangs" | "busy"): Problem {
  const what = {
    hangs: "did not answer, and does nothing: it hangs.",
    busy: "did not answer within 30 s, although it works. Try again later.",
  }[why];
  return new Problem(
    "daemon_unreachable",
    `The Hostrun daemon (process ${pid}) ${what} \`hostrun restart --force\` ends it, with the runs that are under way, ` +
      "and starts a new one. See `hostrun logs`.",
    { reason: "silent" },
  );
}
