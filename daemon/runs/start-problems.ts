import { Problem } from "../../protocol/problem.ts";
import { seconds } from "../../protocol/span.ts";
import type { Target } from "../transport/remote.ts";

/** For a command sent in another shell's syntax, of which nothing ran. */
export function notRead({ name }: Target): Problem {
  const detail =
    `The command has not run: the login shell on ${name} has changed, and could not parse what it was sent. ` +
    "Run it again.";
  return new Problem("channel_refused", detail, { host: name });
}

/** For a command whose input the host did not request. */
export function notTaken({ name }: Target, afterMs: number): Problem {
  const detail =
    `${name} did not ask for the command's variables within ${seconds(afterMs)}. A start file or a ForceCommand ` +
    "there may wait for standard input. The command has not run.";
  return new Problem("timed_out", detail, { host: name, reason: "connect" });
}
