import { Problem, type ProblemCode } from "../../../protocol/problem.ts";
import type { Target } from "../remote.ts";

type Refusal = (target: Target) => Problem;

const refusal =
  (code: ProblemCode, detail: (name: string) => string): Refusal =>
  (target) =>
    new Problem(code, detail(target.name), { host: target.name, address: target.address, port: target.port });

const refusals: Readonly<Record<string, Refusal>> = {
  unsafe: refusal(
    "channel_refused",
    (name) =>
      `The command was not started: on ${name}, the directory hostrun-UID below /var/tmp (or /tmp) is not a private one of this account. Remove it there, or run without durable.`,
  ),
  setsid: refusal(
    "channel_refused",
    (name) =>
      `The command was not started: ${name} has neither setsid nor perl, one of which a durable run needs. Install one, or run without durable.`,
  ),
  full: refusal(
    "channel_refused",
    (name) =>
      `The command was not started: ${name} could not keep it below /var/tmp (or /tmp). Make room there, or run without durable.`,
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

const endings = {
  notFound: (name: string) => `${name} could not be reached for 24 h; how the command ended is not known.`,
  removed: (name: string) =>
    `The files of this run are gone from ${name}; how the command ended is not known.`,
  died: (name: string) =>
    `On ${name}, the process that waited for the command is gone, by a restart or a kill; how the command ended is not known.`,
};

/** What the host says instead of starting the command (see host-script.ts), as a problem; it may say anything. */
export function refusalFor(state: string, target: Target): Problem {
  const known = Object.hasOwn(refusals, state) ? refusals[state] : undefined;
  return (known ?? neverBegan)(target);
}

/** Of a command that has begun and whose ending nobody will know. */
export function hostGone(target: Target, why: keyof typeof endings): Problem {
  return new Problem("connection_lost", endings[why](target.name), { host: target.name });
}
