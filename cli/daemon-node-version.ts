import { spawnSync } from "node:child_process";
import { daemonRuntime } from "./daemon-script.ts";

/** The version of the Node that runs the daemon. */
export function daemonNodeVersion(): string {
  const runtime = daemonRuntime();
  if (runtime === process.execPath) return process.versions.node;
  return spawnSync(runtime, ["--version"], { encoding: "utf8" }).stdout.trim().replace(/^v/, "");
}
