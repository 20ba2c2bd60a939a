import type { Ending } from "../record/ending.ts";
import type { GroupEnd } from "../terminate/group-end.ts";
import { connectedMessage, connectingMessage } from "../run-execution.ts";
import {
  type DurableEffect,
  type DurableEvent,
  type DurableState,
  type DurableStop,
  type SessionClosed,
  statusOf,
  type Transition,
} from "./durable-state.ts";
import { endingFromStatus, isComplete } from "./ending-from-status.ts";
import { isInHome } from "./host-directory.ts";
import { hostGone, neverReady, noHostSystem, refusalFor } from "./refusals.ts";
import type { RemoteStatus } from "./remote-status.ts";
import {
  askToEnd,
  isSilent,
  notConfirmed,
  stoppedEnding,
  stopRequested,
  withdrawn,
} from "./stop-transition.ts";
import type { Problem } from "../../../protocol/problem.ts";

type Session = Extract<DurableState["step"], { at: "session" }>;

/** Processes that are gone leave a status at once, and the last session ends with it; others are left. */
const statusTimeoutMs = 2000;

/** The next state of a durable run after an event, and the effects to perform, in this order. No I/O, no clock. */
export function transition<Type extends DurableEvent["type"]>(
  state: DurableState,
  event: DurableEvent<Type>,
): Transition {
  const { at } = state.step;
  return at === "over" || at === "left" ? [state, []] : transitions[event.type](state, event);
}

type Transitions = {
  readonly [Type in DurableEvent["type"]]: (state: DurableState, event: DurableEvent<Type>) => Transition;
};

const transitions: Transitions = {
  admitted,
  planSaved: (state) => openSession(state, false),
  replayed,
  unreadable: replayed,
  connecting: (state, { message }) => [
    state,
    state.command === "unsent" ? [{ type: "connecting", message }] : [],
  ],
  opened: (state, { connection }) => [inSession(state, { connection }), []],
  sent: (state) => [state.command === "unsent" ? { ...state, command: "sent" } : state, []],
  reported: (state, { status }) => reported(inSession(state, { status }), status),
  closed,
  failed: (state, { problem, exhausted }) =>
    state.command === "unsent" ? ended(state, { outcome: "failed", problem }) : unreached(state, exhausted),
  paused: (state) => openSession(state, false),
  unrecorded,
  stopRequested,
  groupEnded,
  abandoned,
  elapsed,
};

function inSession(state: DurableState, known: Partial<Omit<Session, "at">>): DurableState {
  return state.step.at === "session" ? { ...state, step: { ...state.step, ...known } } : state;
}

function closed(state: DurableState, event: DurableEvent<"closed">): Transition {
  if (state.step.at !== "session") return [state, []];
  const { how, received, exhausted } = event;
  const session: SessionClosed = { how, received, exhausted };
  const { status } = state.step;
  // The command's end often arrives before the answer that its group is gone.
  if (state.stop?.asking === true)
    return [{ ...state, step: { at: "closing", closed: session, status } }, []];
  return concluded(state, session, status);
}

function admitted(state: DurableState): Transition {
  if (state.command === "unsent") {
    const message = connectingMessage(state.plan.target);
    return [state, [{ type: "connecting", message }, { type: "savePlan" }]];
  }
  const [next, effects] = reconnecting(state);
  const gaveUp = state.step.at === "queued" && state.step.gaveUp;
  const { stop, isOwn } = state.plan;
  const stopping: DurableEffect[] = stop === null || !isOwn ? [] : [{ type: "resumeStop", request: stop }];
  return [{ ...next, step: { at: "replaying", gaveUp } }, [...effects, ...stopping, { type: "replay" }]];
}

function replayed(state: DurableState, { type }: DurableEvent<"replayed" | "unreadable">): Transition {
  if (state.step.at === "replaying" && state.step.gaveUp) return ended(state, { outcome: "unknown" });
  // If the record cannot be read the run stays open: its command keeps running, and the next daemon tries again.
  if (type === "unreadable") return [{ ...state, step: { at: "left" } }, []];
  return openSession(state, false);
}

/** The host reported the run's status. */
function reported(state: DurableState, status: RemoteStatus): Transition {
  if (!["running", "ended", "lost"].includes(status.state)) return [state, []];
  const reports = reportBegun(state);
  const [next, learned] = learnDirectory(
    { ...state, command: "begun", findOnly: true, reconnecting: false },
    status.directory,
  );
  const [last, asked] = askToEnd(next);
  return [last, [...reports, ...learned, ...limitOf(next, status), ...asked]];
}

function limitOf({ plan }: DurableState, { state }: RemoteStatus): DurableEffect[] {
  if (plan.timeoutMs === 0 || !plan.isOwn) return [];
  return [{ type: state === "running" ? "limitTime" : "endTimeLimit" }];
}

function reportBegun({
  plan: { target },
  command,
  step,
  reconnecting: wasAway,
}: DurableState): DurableEffect[] {
  if (wasAway) return [{ type: "running", message: `Reconnected to ${target.name}` }];
  if (command === "begun") return [];
  const connection = step.at === "session" ? step.connection : undefined;
  const made = connection ?? { reused: false, connectMs: 0 };
  return [{ type: "running", message: connectedMessage(target, made), reused: made.reused }];
}

/** The host reported where it keeps the run: later sessions and daemons look only there. */
function learnDirectory(state: DurableState, directory: string | undefined): Transition {
  if (directory === undefined || state.plan.directory !== null) return [state, []];
  const next = { ...state, plan: { ...state.plan, directory } };
  const effects: DurableEffect[] = [{ type: "updatePlan" }];
  if (isInHome(directory)) {
    const { name } = state.plan.target;
    const message = `${name} keeps this run in ${directory}: hostrun-UID below /var/tmp is not a private directory of this account`;
    effects.push({ type: "reportStatus", message, reconnecting: false });
  }
  return [next, effects];
}

function groupEnded(state: DurableState, { end }: DurableEvent<"groupEnded">): Transition {
  const { stop, step } = state;
  if (stop === undefined) return [state, []];
  const [next, effects] = end === "over" ? withdrawn(state) : groupAnswered(state, stop, end);
  if (step.at !== "closing") return [next, effects];
  const [last, more] = concluded(next, step.closed, step.status);
  return [last, [...effects, ...more]];
}

function groupAnswered(state: DurableState, stop: DurableStop, end: GroupEnd | undefined): Transition {
  const known: DurableState = { ...state, stop: { ...stop, asking: false, end: end ?? stop.end } };
  // The session ends only after the host has sent its remaining output.
  const effects: DurableEffect[] = [{ type: "release" }];
  // The host could not end all processes, or cannot see whether it did.
  if ((end === "alive" || end === "unseen") && statusOf(state)?.state !== "ended")
    effects.push({ type: "startTimer", timer: "left", ms: statusTimeoutMs });
  return [known, effects];
}

/** The command keeps running and the next daemon finds it; one that was not sent never will be. */
function abandoned(state: DurableState, { problem }: DurableEvent<"abandoned">): Transition {
  if (state.command !== "unsent") return [{ ...state, step: { at: "left" } }, [{ type: "abort" }]];
  const ending: Ending = { outcome: "failed", problem };
  return [{ ...state, step: { at: "over" } }, [{ type: "end", ending }, { type: "abort" }]];
}

function elapsed(state: DurableState, { timer }: DurableEvent<"elapsed">): Transition {
  if (timer === "silence" && !isSilent(state)) return [state, []];
  const { at } = state.step;
  if (at === "queued" || at === "replaying") return [{ ...state, step: { at, gaveUp: true } }, []];
  const [next, effects] = ended(state, { outcome: "unknown" });
  return [next, [...effects, { type: "abort" }]];
}

/**
 * The store has no room: the output stays on the host, and is fetched from where the record ends once there is room. A
 * run that is to end does so immediately, with what is recorded.
 */
function unrecorded(state: DurableState): Transition {
  if (state.step.at !== "session" || state.stop !== undefined) return [state, []];
  const { name } = state.plan.target;
  const message = `The disk that holds Hostrun's history is full: the output stays on ${name} until there is room`;
  const reports: DurableEffect[] = state.waitsForRoom
    ? []
    : [{ type: "reportStatus", message, reconnecting: false }];
  const next: DurableState = { ...state, waitsForRoom: true, step: { at: "replaying", gaveUp: false } };
  return [next, [...reports, { type: "waitForRoom" }]];
}

/** Decides what follows from a session that has ended. */
function concluded(
  state: DurableState,
  session: SessionClosed,
  status: RemoteStatus | undefined,
): Transition {
  if (status === undefined) return withoutStatus(state, session);
  const [next, effects] = byStatus({ ...state, waitsForRoom: false }, session, status);
  return [next, [{ type: "reached" }, ...effects]];
}

function byStatus(state: DurableState, { how, received }: SessionClosed, status: RemoteStatus): Transition {
  const { target } = state.plan;
  const byHost = how === "exited" || how === "signaled";
  const reopen = (): Transition => (byHost ? openSession(state, true) : unreached(state, false));
  if (status.state === "running") return reopen();
  if (status.state === "there") return openSession({ ...state, findOnly: true }, true);
  if (status.state === "ended" || status.state === "lost") {
    // The run is over only when every byte of both files has been received.
    if (!isComplete(status, received)) return reopen();
    return ended(state, endingFromStatus(status, received, target));
  }
  if (state.command === "begun")
    return ended(state, { outcome: "unknown", problem: hostGone(target, "removed") });
  if (!state.plan.isOwn) return ended(state, { outcome: "unknown", problem: hostGone(target, "elsewhere") });
  return refused(state, refusalFor(status.state, target));
}

/** The host did not report a status. */
function withoutStatus(state: DurableState, { how, exhausted }: SessionClosed): Transition {
  const { plan, command } = state;
  if (how === "lost" || command === "begun") return unreached(state, exhausted);
  if (how !== "silent") return refused(state, noHostSystem(plan.target));
  if (command === "unsent") return refused(state, neverReady(plan.target, plan.connectTimeoutMs));
  return ended(state, { outcome: "unknown", problem: hostGone(plan.target, "silent") });
}

function refused(state: DurableState, problem: Problem): Transition {
  return ended(state, { outcome: "failed", problem });
}

/** `more`: the host was reached and has more to send. */
function openSession(state: DurableState, more: boolean): Transition {
  const step = { at: "session", connection: undefined, status: undefined } as const;
  return [{ ...state, step }, [{ type: "openSession", more }]];
}

/** Keeps looking for the host, with pauses. */
function unreached(state: DurableState, exhausted: boolean): Transition {
  if (exhausted)
    return ended(state, { outcome: "unknown", problem: hostGone(state.plan.target, "notFound") });
  const [next, effects] = reconnecting(state);
  return [{ ...next, step: { at: "pausing" } }, [...effects, { type: "pause" }]];
}

function reconnecting(state: DurableState): Transition {
  if (state.reconnecting) return [state, []];
  const { target, isOwn } = state.plan;
  const copied = " (a copy of another record, which only follows the run)";
  const message = `Reconnecting to ${target.name}${isOwn ? "" : copied}`;
  return [{ ...state, reconnecting: true }, [{ type: "reportStatus", message, reconnecting: true }]];
}

function ended(state: DurableState, ending: Ending): Transition {
  const stopped = state.stop === undefined ? ending : stoppedEnding(state, state.stop, ending);
  const effects: DurableEffect[] = [{ type: "end", ending: stopped }];
  if (stopped.stopConfirmed === false) {
    const message = notConfirmed(state);
    effects.unshift({ type: "reportStatus", message, reconnecting: state.reconnecting });
  }
  return [{ ...state, step: { at: "over" } }, effects];
}
