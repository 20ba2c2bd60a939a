import { setTimeout as wait } from "node:timers/promises";
import type { Daemon } from "../../client/daemon.ts";
import { openDaemon } from "../../client/daemon.ts";
import { isNotRunning, readDiscovery } from "../../client/discover.ts";
import { isAlive } from "../../client/liveness.ts";
import { placesIn } from "../../client/places.ts";
import { Problem } from "../../protocol/problem.ts";

export interface StopOptions {
  /** Let the runs end first. */
  readonly drain: boolean;
  /** Kill a daemon that does not stop by itself. */
  readonly force: boolean;
}

const stopMs = 10_000;
const pollMs = 20;

/** Stops the daemon and waits until its process is gone; undefined when none ran, otherwise its pid. */
export async function stopDaemon(options: StopOptions): Promise<number | undefined> {
  const daemon = await findToStop(options);
  if (daemon === undefined || typeof daemon === "number") return daemon;
  const { pid } = daemon.health;
  await using _ = daemon;
  await daemon.call("shutdown", { body: { drain: options.drain } });
  if (await isGone(pid, options.drain ? Number.POSITIVE_INFINITY : stopMs)) return pid;
  if (options.force) return await kill(pid);
  throw new Problem(
    "timed_out",
    `The daemon (process ${pid}) was asked to stop, but still runs after ${stopMs / 1000} s. ` +
      "`hostrun stop --force` kills it.",
  );
}

/** The daemon, or the pid of a silent one that had to be killed. */
async function findToStop({ force }: StopOptions): Promise<Daemon | number | undefined> {
  try {
    return await openDaemon();
  } catch (error) {
    if (isNotRunning(error)) return undefined;
    const isSilent = error instanceof Problem && error.members.reason === "silent";
    if (!force || !isSilent) throw error;
    const discovery = readDiscovery(placesIn());
    return discovery === undefined ? undefined : kill(discovery.pid);
  }
}

async function kill(pid: number): Promise<number> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    if (await isGone(pid, stopMs / 2)) return pid;
  }
  throw new Problem("timed_out", `The daemon (process ${pid}) could not be killed.`);
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await wait(pollMs);
  }
  return true;
}
