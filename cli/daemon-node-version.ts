import { spawnSync } from "node:child_process";
import { daemonRuntime } from "./daemon-script.ts";

/** The version of the Node that runs the daemon. */
export function daemonNodeVersion(): string {
  const runtime = daemonRuntime();
  if (runtime === process.execPath) return process.versions.node;
  const { stdout } = spawnSync(runtime, ["--version"], {
    encoding: "utf8",
    timeout: 5000,
    killSignal: "SIGKILL",
  });
  return stdout.trim().replace(/^v/, "");
}
