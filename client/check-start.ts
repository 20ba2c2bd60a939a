import { execFile } from "node:child_process";
import { Problem } from "../protocol/problem.ts";
import { visibleLine } from "../protocol/visible.ts";
import { daemonEnvironment, type LaunchOptions } from "./launch.ts";

const maxWaitMs = 60_000;

/**
 * Before a daemon is stopped to be started anew: rejects where the new one would not start with these arguments and the
 * settings that there are, with what it would have said.
 */
export function checkStart({ places, ...options }: Omit<LaunchOptions, "deadlineMs">): Promise<void> {
  const { daemonScript, daemonRuntime = process.execPath, daemonArguments = [] } = options;
  const args = [daemonScript, "--check", "--state-dir", places.directory, ...daemonArguments];
  return new Promise((resolve, reject) => {
    execFile(daemonRuntime, args, { env: daemonEnvironment(), timeout: maxWaitMs }, (failure, _, stderr) => {
      if (failure === null) resolve();
      else {
        const why = visibleLine(stderr.trim().replace(/^hostrun daemon: /, ""), 1000);
        const detail = `The daemon would not start anew, so nothing was stopped: ${why || failure.message}`;
        reject(new Problem("conflict", detail));
      }
    });
  });
}
