import { Problem } from "../protocol/problem.ts";
import { checkOwn, readOwnFile } from "../state-directory/own-file.ts";
import { checkStateDirectory } from "../state-directory/trusted-directory.ts";
import { type Found, isNotRunning, readDiscovery, requestHealth } from "./discover.ts";
import type { Places } from "./places.ts";
import { Transport } from "./transport.ts";

/** Longer than a service takes to start that is started by the first connection. */
const answerTimeoutMs = 10_000;

/** Whether daemon.json exists and is nothing that a daemon writes. */
export function isDiscoveryDamaged(places: Places): boolean {
  return readOwnFile(places.discovery) !== undefined && readDiscovery(places) === undefined;
}

/**
 * The daemon whose daemon.json is damaged, found by the path that a daemon's socket has except on Windows; undefined if
 * daemon.json is not damaged, or nothing listens there. Rejects if what listens does not answer.
 */
export async function findBesideDamage(
  places: Places,
): Promise<Pick<Found, "health" | "transport"> | undefined> {
  if (!checkStateDirectory(places.directory) || !isDiscoveryDamaged(places)) return undefined;
  checkOwn(places.socket, "socket");
  const transport = new Transport(places.socket);
  try {
    return { transport, health: await requestHealth(transport, AbortSignal.timeout(answerTimeoutMs)) };
  } catch (error) {
    transport[Symbol.dispose]();
    if (isNotRunning(error)) return undefined;
    throw damagedDiscovery(places);
  }
}

/** Rejects if a daemon runs whose daemon.json is damaged. */
export async function refuseDamage(places: Places): Promise<void> {
  const found = await findBesideDamage(places);
  if (found === undefined) return;
  found.transport[Symbol.dispose]();
  // One that was just starting has written its own since.
  if (!isDiscoveryDamaged(places)) return;
  throw new Problem(
    "daemon_unreachable",
    `A Hostrun daemon is running (process ${found.health.pid}), but ${places.discovery} is damaged, which says how to reach it. ` +
      "`hostrun restart` replaces both.",
    { reason: "damaged" },
  );
}

export function isDamaged(error: unknown): boolean {
  return error instanceof Problem && error.members.reason === "damaged";
}

/** For a daemon that runs and cannot be asked. */
export function damagedDiscovery({ discovery, instanceLock }: Places): Problem {
  return new Problem(
    "daemon_unreachable",
    `A Hostrun daemon is running, but ${discovery} is damaged, which says how to reach it. \`fuser ${instanceLock}\` shows ` +
      "its process: end that by `kill`, and try again.",
    { reason: "damaged" },
  );
}
