import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "../client/daemon.ts";
import { openDaemon } from "../client/daemon.ts";

const here = import.meta.dirname;
const bundled = join(here, "daemon.cjs");

/** The daemon beside the built command line; in a checkout that is not built, its source. */
export function daemonScript(): string {
  return existsSync(bundled) ? bundled : join(here, "..", "daemon", "main.ts");
}

/** The daemon, started if need be. */
export function reachDaemon(signal?: AbortSignal): Promise<Daemon> {
  return openDaemon({ daemonScript: daemonScript() }, signal);
}
