import { existsSync } from "node:fs";
import { join } from "node:path";
import { CrashCount, crashedTooOften } from "../client/crash-count.ts";
import type { Daemon, OpenDaemonOptions } from "../client/daemon.ts";
import { openDaemon } from "../client/daemon.ts";
import { isNotRunning } from "../client/discover.ts";
import type { Handover } from "../client/handover.ts";
import { placesIn } from "../client/places.ts";
import { version } from "../package.json";
import { runsDaemon } from "../protocol/daemon-node.ts";
import { warn } from "./console.ts";

const here = import.meta.dirname;

/** The daemon's script, built next to the command line's. */
export const daemonScript = join(here, "daemon.cjs");

/** The Node that runs the daemon: the current one or, if that is too old, the newer one that a checkout includes. */
export function daemonRuntime(): string {
  if (runsDaemon(process.versions.node)) return process.execPath;
  const own = join(here, "..", "node_modules", "node", "bin", "node");
  return existsSync(own) ? own : process.execPath;
}

/**
 * For a caller that follows a run which outlives the daemon: restarts a daemon that has crashed, until it crashes too
 * often. A daemon that was stopped removes daemon.json, and is not restarted.
 */
export function reviver(): () => Promise<void> {
  const crashes = new CrashCount();
  const places = placesIn();
  return async () => {
    if (!existsSync(places.discovery)) return;
    try {
      await using _ = await openDaemon({ keepConnections: false });
      return;
    } catch (failure) {
      if (!isNotRunning(failure)) return;
    }
    const pause = crashes.crashed();
    if (pause === undefined) throw crashedTooOften(places);
    const { setTimeout: wait } = await import("node:timers/promises");
    await wait(pause);
    await reachDaemon().then(
      (daemon) => daemon[Symbol.asyncDispose](),
      // The next attempt may succeed.
      () => undefined,
    );
  };
}

/** Returns the daemon, started with `daemonArguments` if necessary. */
export function reachDaemon(
  options: Pick<OpenDaemonOptions, "daemonArguments" | "unverified"> = {},
): Promise<Daemon> {
  return openDaemon({
    ...options,
    daemonScript,
    daemonRuntime: daemonRuntime(),
    keepConnections: false,
    handover: { version, onWaiting: tellHandover },
  });
}

function tellHandover({ olderVersion, newerVersion, runs, limitMs }: Handover): void {
  const what = runs === undefined ? "its commands" : `its commands (${runs} under way)`;
  warn(
    `The daemon of version ${olderVersion} makes room for ${newerVersion} as soon as ${what} have ended, after ` +
      `${limitMs / 60_000} min at most; durable ones keep running. \`hostrun restart\` does not wait.`,
  );
}

/** The script that works on a store without the daemon. */
export const storeTaskScript = join(here, "store-task.cjs");
