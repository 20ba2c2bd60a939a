import { execFile } from "node:child_process";
import { Problem } from "../protocol/problem.ts";
import { visibleLines } from "../protocol/visible.ts";
import { daemonEnvironment, type LaunchOptions } from "./launch.ts";
import { programFailure } from "./program-failure.ts";

const maxWaitMs = 60_000;

type StartOptions = Omit<LaunchOptions, "deadlineMs">;

/**
 * Called before a daemon is restarted: rejects if the new one would not start with these arguments and the present
 * settings, with the error that it would have printed, and the
 * reason "would_not_start".
 */
export async function checkStart(options: StartOptions): Promise<void> {
  const why = await startFault(options);
  if (why === undefined) return;
  throw new Problem("conflict", `The daemon would not start again, so nothing was stopped: ${why}`, {
    reason: "would_not_start",
  });
}

/** Why a daemon would not start in place of the one that may be running; undefined if it would start. */
export function startFault({ places, ...options }: StartOptions): Promise<string | undefined> {
  const { daemonScript, daemonRuntime = process.execPath, daemonArguments = [] } = options;
  const args = [daemonScript, "--check", "--state-dir", places.directory, ...daemonArguments];
  return new Promise((resolve) => {
    execFile(
      daemonRuntime,
      args,
      { env: daemonEnvironment(), timeout: maxWaitMs, killSignal: "SIGKILL" },
      (failure, _, stderr) => {
        const why = visibleLines(stderr.replace(/^hostrun daemon: /, ""), 1000);
        resolve(failure === null ? undefined : why || programFailure(failure, maxWaitMs));
      },
    );
  });
}
