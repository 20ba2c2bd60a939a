import { findBesideDamage } from "../../client/damaged-discovery.ts";
import { discover, type Found, isNotRunning, isSilent } from "../../client/discover.ts";
import { endDaemon, isGone } from "../../client/end-daemon.ts";
import { placesIn } from "../../client/places.ts";
import { countRuns, requestShutdown } from "../../client/shutdown.ts";
import type { Transport } from "../../client/transport.ts";
import { Problem } from "../../protocol/problem.ts";
import { parseOptions, takeWords } from "../command.ts";
import { warn } from "../console.ts";

export interface StopOptions {
  /** Let the runs finish first. */
  readonly drain: boolean;
  /** Kill a daemon that does not stop. */
  readonly force: boolean;
}

const stopMs = 10_000;
const lookMs = 1000;

export const stopOptions = { drain: { type: "boolean" }, force: { type: "boolean" } } as const;

export function parseStopOptions(args: readonly string[]): StopOptions {
  const { values, positionals } = parseOptions(args, stopOptions);
  takeWords(positionals);
  return { drain: values.drain ?? false, force: values.force ?? false };
}

/**
 * Stops the daemon and waits until its process is gone; returns its pid, or undefined when none was running. While it
 * waits for commands, it reports how many are left.
 */
export async function stopDaemon({ drain, force }: StopOptions): Promise<number | undefined> {
  let pid: number;
  try {
    const found = (await discover(placesIn())) ?? (await findUndiscovered());
    if (found === undefined) return undefined;
    using transport = found.transport;
    ({ pid } = found.health);
    await shutDown(transport, drain);
    if (drain) await untilDrained({ transport, pid });
  } catch (error) {
    if (isNotRunning(error)) return undefined;
    if (force && isSilent(error)) return endDaemon(placesIn());
    throw error;
  }
  if (drain || (await isGone(pid, stopMs))) return pid;
  if (force) return endDaemon(placesIn());
  throw stillThere(pid);
}

/** The daemon whose daemon.json is damaged. */
async function findUndiscovered(): ReturnType<typeof findBesideDamage> {
  const places = placesIn();
  const found = await findBesideDamage(places);
  if (found !== undefined) warn(`${places.discovery} is damaged. The daemon was found by its socket.`);
  return found;
}

async function untilDrained({ transport, pid }: Pick<Found, "transport"> & { pid: number }): Promise<void> {
  let reported: number | undefined;
  while (!(await isGone(pid, lookMs))) {
    // It may be about to exit.
    const left = await countRuns(transport).catch(() => undefined);
    if (left === undefined || left === reported) continue;
    reported = left;
    warn(
      `The daemon (process ${pid}) takes no new commands and waits for those under way: ${left}. Durable ones are not ` +
        "waited for. Press Ctrl-C to stop waiting; the daemon still stops once they have ended.",
    );
  }
}

/** Asks the daemon to stop. One that has just answered may still hang. */
async function shutDown(transport: Transport, drain: boolean): Promise<void> {
  const late = AbortSignal.timeout(stopMs);
  try {
    await requestShutdown(transport, drain, late);
  } catch (error) {
    if (!late.aborted) throw error;
  }
}

function stillThere(pid: number): Problem {
  return new Problem(
    "timed_out",
    `The daemon (process ${pid}) was asked to stop, but still runs after ${stopMs / 1000} s. ` +
      "`hostrun stop --force` kills it.",
  );
}
