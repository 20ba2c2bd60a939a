import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { placesIn } from "../../client/places.ts";
import { programFailure } from "../../client/program-failure.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleClause, visibleLines } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";
import { type Service, serviceFor } from "./service.ts";

/** The service for the daemon of this user's state directory, on this machine. */
export function thisService(): Service {
  const { directory, socket } = placesIn();
  const program = { runtime: daemonRuntime(), script: daemonScript, stateDirectory: directory, socket };
  const { platform, env } = process;
  return serviceFor({ platform, env, home: homedir(), uid: process.getuid?.() ?? 0 }, program);
}

const limitMs = 30_000;
/** For a command that stops the service: by then systemd has killed one that does not end (TimeoutStopSec=). */
export const stopLimitMs = 150_000;
const undoLimitMs = 10_000;
const noteMs = 5000;

/** Runs a command of the service manager; throws `conflict` with its error message when it fails or takes too long. */
export async function runManager(words: readonly string[], maxMs = limitMs): Promise<void> {
  const command = `\`${words.join(" ")}\``;
  const note = setTimeout(() => warn(`Waiting for ${command}, for at most ${maxMs / 1000} s.`), noteMs);
  const why = await failureOf(words, maxMs).finally(() => clearTimeout(note));
  if (why === undefined) return;
  throw new Problem(
    "conflict",
    `${command} failed: ${why}. ` +
      "Is this a session of yours with a service manager? `hostrun install-service --print` shows the files; `hostrun start` works without.",
  );
}

/** Undoes as much as possible, but does not wait for a service manager that hangs. */
export async function tryRunManager(commands: readonly (readonly string[])[]): Promise<void> {
  for (const words of commands) {
    const startedAt = performance.now();
    await failureOf(words, undoLimitMs);
    if (performance.now() - startedAt >= undoLimitMs) return;
  }
}

/** Adds to a problem what has come of the command that failed. */
export function withOutcome(failure: unknown, outcome: string): unknown {
  if (!(failure instanceof Problem)) return failure;
  return new Problem(failure.code, `${failure.message} ${outcome}`, { ...failure.members, cause: failure });
}

/** Why a command failed, as a clause; undefined if it did not. */
function failureOf([program = "", ...args]: readonly string[], maxMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: maxMs, killSignal: "SIGKILL", windowsHide: true } as const;
    const child = execFile(program, args, options, (failure, _, stderr) => {
      if (failure === null) resolve(undefined);
      else {
        const said = failure.killed === true ? "" : visibleClause(visibleLines(stderr));
        resolve(said || programFailure(failure, maxMs));
      }
    });
    child.stdin?.end();
  });
}
