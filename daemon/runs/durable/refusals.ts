import { Problem, type ProblemCode } from "../../../protocol/problem.ts";
import { seconds } from "../../../protocol/span.ts";
import type { Target } from "../../transport/remote.ts";

type Refusal = (target: Target) => Problem;

const refusal =
  (code: ProblemCode, detail: (name: string) => string): Refusal =>
  (target) =>
    new Problem(code, detail(target.name), { host: target.name, address: target.address, port: target.port });

const refusals: Readonly<Record<string, Refusal>> = {
  unsafe: refusal(
    "channel_refused",
    (name) =>
      `The command was not started: on ${name}, neither hostrun-UID below /var/tmp (or /tmp) nor .hostrun in the home directory is a private directory of this account. Remove one of them there, or run without durable.`,
  ),
  setsid: refusal(
    "channel_refused",
    (name) =>
      `The command was not started: ${name} has neither setsid nor perl, one of which a durable run needs. Install one, or run without durable.`,
  ),
  full: refusal(
    "channel_refused",
    (name) =>
      `The command was not started: ${name} could not keep it below /var/tmp (or /tmp, or in the home directory). Make room there, or run without durable.`,
  ),
};

const neverBegan = refusal(
  "connection_lost",
  (name) =>
    `The connection to ${name} was lost before the command was started. It has not run there and will not; run it again.`,
);

export const noHostSystem = refusal(
  "channel_refused",
  (name) =>
    `The command was not started: ${name} does not run /bin/sh, which a durable run needs. Run it without durable.`,
);

/** For a host that runs something else first, which waits for input. */
export function neverReady(target: Target, afterMs: number): Problem {
  const detail = `The command was not started: ${target.name} did not start what a durable run needs within ${seconds(afterMs)}. A start file or a ForceCommand there may wait for standard input. Run it without durable.`;
  return new Problem("timed_out", detail, { host: target.name, reason: "connect" });
}

const endings = {
  silent: (name: string) =>
    `${name} did not respond after it was sent the command, which may be running there.`,
  notFound: (name: string) => `${name} could not be reached for 24 h. How the command ended is unknown.`,
  elsewhere: (name: string) =>
    `This record is a copy of another one, to which the run belongs. See there how it ended on ${name}.`,
  removed: (name: string) => `The files of this run are gone from ${name}. How the command ended is unknown.`,
  died: (name: string) =>
    `On ${name}, the process that waited for the command is gone: it was killed, or the host was restarted. How the command ended is unknown.`,
};

/**
 * The problem for a host that reports `state` instead of starting the command (see host-script.ts); it may report
 * anything.
 */
export function refusalFor(state: string, target: Target): Problem {
  const known = Object.hasOwn(refusals, state) ? refusals[state] : undefined;
  return (known ?? neverBegan)(target);
}

/** For a request to cancel a run that belongs to another store. */
export function notOwn({ name }: Target): Problem {
  const detail = `This record is a copy of another one, to which the run on ${name} belongs, so it cannot be cancelled here. Cancel it there, or end its processes on ${name}.`;
  return new Problem("conflict", detail, { host: name });
}

/** The message for a run that ended while the store had no room for its output, which is still at `path`. */
export function keptMessage({ name }: Target, path: string): string {
  return `Output is missing from the record, since the disk that holds Hostrun's history was full. It is still on ${name}, in ${path}`;
}

/** For a command that began and whose ending will never be known. */
export function hostGone(target: Target, why: keyof typeof endings): Problem {
  return new Problem("connection_lost", endings[why](target.name), { host: target.name });
}
