import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Daemon, OpenDaemonOptions } from "../client/daemon.ts";
import { openDaemon } from "../client/daemon.ts";

const here = import.meta.dirname;

/** The daemon, built beside the command line. */
export const daemonScript = join(here, "daemon.cjs");

/**
 * What runs the daemon: the Node that runs this. The daemon needs 22.15; where this one is older, a checkout has a
 * newer one of its own.
 */
export function daemonRuntime(): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const own = join(here, "..", "node_modules", "node", "bin", "node");
  const old = major < 22 || (major === 22 && minor < 15);
  return old && existsSync(own) ? own : process.execPath;
}

/** Starts the daemon if none runs: one that was killed while a run is followed that outlives it. */
export async function reviveDaemon(): Promise<void> {
  await using _ = await reachDaemon();
}

/** The daemon, started if need be, with `daemonArguments` then. */
export function reachDaemon(options: Pick<OpenDaemonOptions, "daemonArguments"> = {}): Promise<Daemon> {
  return openDaemon({ ...options, daemonScript, daemonRuntime: daemonRuntime(), keepConnections: false });
}
