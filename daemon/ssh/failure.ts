import { Problem, type ProblemMembers } from "../../protocol/problem.ts";
import { seconds } from "../../protocol/span.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { hopName, placeName } from "../transport/hop-name.ts";
import type { Hop } from "../transport/remote.ts";
import { isFirstGreeting, type Stage, stageText } from "./stage.ts";

/** The members by which every problem states where it happened. */
export function membersOf(hop: Hop): ProblemMembers {
  return { host: hop.name, hop: hopName(hop), address: hop.address, port: hop.port };
}

/** For the beginning of a sentence. A host that was given by its address has no other name. */
export function nameOf(hop: Hop): string {
  const place = hopName(hop);
  return hop.name === place ? place : `${hop.name} (${place})`;
}

/**
 * Rewords a connection's problem for a run on `target`: connections to bastions are shared by many hosts, and the
 * target's own by all names of one address.
 */
export function onTheWayTo(target: Hop, problem: Problem): Problem {
  const { host, hop } = problem.members;
  if (host === undefined || host === target.name) return problem;
  const message =
    hop === hopName(target)
      ? ofOtherName(problem.message, host, target)
      : `On the way to ${target.name}: ${problem.message}`;
  return new Problem(problem.code, message, { ...problem.members, host: target.name, cause: problem });
}

function ofOtherName(message: string, name: string, target: Hop): string {
  const reworded = message
    .replaceAll(`${name} (${hopName(target)})`, () => nameOf(target))
    .replaceAll(`reach ${name}:`, () => `reach ${target.name}:`);
  return reworded === message ? `${target.name} is the same server as ${name}: ${message}` : reworded;
}

export type UnreachableReason =
  | "name_not_found"
  | "no_route"
  | "refused"
  | "no_answer"
  | "reset"
  | "closed"
  | "too_many_logins"
  | "penalized"
  | "blocked"
  | "forwarding_refused"
  | "hop_could_not_connect"
  | "network_error";

const advice: Record<UnreachableReason, (hop: Hop) => string> = {
  name_not_found: (hop) =>
    `the name ${hop.address} cannot be resolved. Check its spelling, and this machine's DNS or VPN.`,
  no_route: (hop) =>
    `there is no route to ${hop.address}. Check the address, and whether a network or VPN must be up.`,
  refused: (hop) =>
    `nothing is listening on ${placeName(hop)}. Check the port, and that the SSH server is running.`,
  no_answer: (hop) =>
    `${hop.address} did not answer. It may be down, or a firewall may drop packets to port ${hop.port}.`,
  reset: (hop) =>
    `${placeName(hop)} reset the connection. Try again; if it happens again, look at the server's log.`,
  closed: (hop) =>
    `${placeName(hop)} closed the connection before the login was complete. Too many logins at once (MaxStartups), ` +
    "a ban after failed logins (fail2ban) or a full disk can cause this: look at the server's log.",
  too_many_logins: (hop) =>
    `${placeName(hop)} accepts no more logins at once (MaxStartups). Try again later, or raise MaxStartups there.`,
  penalized: (hop) =>
    `${placeName(hop)} refuses this machine for a while, e.g. after failed logins (PerSourcePenalties). Try again later; ` +
    "the server's log says why.",
  blocked: (hop) =>
    `this machine does not allow the connection to ${hop.address}. Look at its firewall or sandbox rules.`,
  forwarding_refused: () =>
    "its jump host does not forward connections. Allow it there (AllowTcpForwarding, PermitOpen).",
  hop_could_not_connect: (hop) =>
    `its jump host could not connect to ${placeName(hop)}. Check the address and the port, as seen from there.`,
  network_error: () => "the network failed. Try again.",
};

export function unreachable(hop: Hop, reason: UnreachableReason, cause?: unknown, more = ""): Problem {
  const detail = `Can't reach ${hop.name}: ${advice[reason](hop)}${more}`;
  return new Problem("host_unreachable", detail, { ...membersOf(hop), reason, cause });
}

const reasons: ReadonlyMap<string, UnreachableReason> = new Map([
  ["ENOTFOUND", "name_not_found"],
  ["EAI_AGAIN", "name_not_found"],
  ["EAI_NONAME", "name_not_found"],
  ["EAI_NODATA", "name_not_found"],
  ["EHOSTUNREACH", "no_route"],
  ["ENETUNREACH", "no_route"],
  ["EHOSTDOWN", "no_route"],
  ["ENETDOWN", "no_route"],
  ["EADDRNOTAVAIL", "no_route"],
  ["EINVAL", "no_route"],
  ["ECONNREFUSED", "refused"],
  ["ETIMEDOUT", "no_answer"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["ECONNABORTED", "reset"],
  ["EACCES", "blocked"],
  ["EPERM", "blocked"],
]);

/** The reason is derived from the system's error code. */
export function unreachableBy(hop: Hop, failure: unknown): Problem {
  return unreachable(hop, reasonOf(failure), failure);
}

/** An address that was tried; without a failure it has not responded yet. */
export interface Attempt {
  readonly address: string;
  readonly failure?: Error;
}

/** If several addresses failed, the reason is that of the attempt that got furthest. */
const furthestFirst = ["refused", "reset", "blocked", "no_answer", "no_route", "network_error"] as const;

/** None of a host's addresses could be connected to. */
export function unreachableAt(hop: Hop, attempts: readonly Attempt[]): Problem {
  const [only] = attempts;
  if (attempts.length === 1 && only?.address === hop.address) return unreachableBy(hop, only.failure);
  const found = attempts.map(({ failure }) => reasonOf(failure));
  const reason = furthestFirst.find((each) => found.includes(each)) ?? "network_error";
  const cause = new AggregateError(attempts.map(({ failure }) => failure));
  return unreachable(hop, reason, cause, ` It was tried at ${listAttempts(attempts)}.`);
}

/** E.g. "192.0.2.1 (refused), 2001:db8::1 (no answer yet)". */
export function listAttempts(attempts: readonly Attempt[]): string {
  const describe = (failure: Error | undefined): string =>
    failure === undefined ? "no answer yet" : (inShort[reasonOf(failure)] ?? errorCode(failure) ?? "failed");
  return attempts.map(({ address, failure }) => `${address} (${describe(failure)})`).join(", ");
}

const inShort: Partial<Record<UnreachableReason, string>> = {
  refused: "refused",
  reset: "reset",
  blocked: "not allowed by this machine",
  no_answer: "no answer",
  no_route: "no route",
};

function reasonOf(failure: unknown): UnreachableReason {
  return reasons.get(errorCode(failure) ?? "") ?? "network_error";
}

export function protocolError(hop: Hop, what: string, cause?: unknown): Problem {
  return new Problem("protocol_error", `${nameOf(hop)} ${what}`, { ...membersOf(hop), cause });
}

export function connectTimedOut(
  target: Hop,
  { stage, hop }: { readonly stage: Stage; readonly hop: Hop },
  afterMs: number,
): Problem {
  const what = isFirstGreeting(stage)
    ? `${nameOf(hop)}: No SSH greeting within ${seconds(afterMs)}${behind(hop, target)}.`
    : `${nameOf(target)} was not ready within ${seconds(afterMs)}; it was ${stageText(stage, nameOf(hop))}.`;
  return new Problem(
    "timed_out",
    `${what} Check the address and the network, or allow more time (--connect-timeout, connectTimeoutMs).`,
    { ...membersOf(hop), host: target.name, reason: "connect" },
  );
}

/** For a bastion: the target behind it. */
function behind(hop: Hop, target: Hop): string {
  return hop.name === target.name ? "" : `, on the way to ${target.name}`;
}

export function connectionLost(hop: Hop, what: string, cause?: unknown): Problem {
  return new Problem("connection_lost", `${nameOf(hop)}: ${what}`, { ...membersOf(hop), cause });
}

export function channelRefused(hop: Hop, what: string): Problem {
  return new Problem("channel_refused", `${nameOf(hop)} ${what}`, membersOf(hop));
}

/** Why a signal was aborted, as an Error to reject with: the caller's own reason if it is an Error. */
export function abortReason(signal: AbortSignal): Error {
  return asError(signal.reason);
}

export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("The work was given up", { cause: reason });
}
