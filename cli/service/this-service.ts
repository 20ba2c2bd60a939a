import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { placesIn } from "../../client/places.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleClause, visibleLines } from "../../protocol/visible.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";
import { type Service, serviceFor } from "./service.ts";

/** The service for the daemon of this user's state directory, on this machine. */
export function thisService(): Service {
  const { directory, socket } = placesIn();
  const program = { runtime: daemonRuntime(), script: daemonScript, stateDirectory: directory, socket };
  const { platform, env } = process;
  return serviceFor({ platform, env, home: homedir(), uid: process.getuid?.() ?? 0 }, program);
}

/** Runs a command of the service manager; throws `conflict` with its error message when it fails. */
export function runManager([program = "", ...args]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status === 0) return;
  const said = visibleClause(visibleLines(error === undefined ? stderr : error.message));
  throw new Problem(
    "conflict",
    `\`${[program, ...args].join(" ")}\` failed: ${said || `status ${status}`}. ` +
      "Is this a session of yours with a service manager? `hostrun install-service --print` shows the files; `hostrun start` works without.",
  );
}

/** The same, but ignores failures, for undoing as much as possible. */
export function tryRunManager([program = "", ...args]: readonly string[]): void {
  spawnSync(program, args, { stdio: "ignore" });
}
