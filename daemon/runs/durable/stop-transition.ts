import type { Ending } from "../record/ending.ts";
import { stopEnding, stoppingMessage, unconfirmedMessage } from "../terminate/stop-controller.ts";
import type { DurableEffect, DurableEvent, DurableState, DurableStop, Transition } from "./durable-state.ts";

/** How long a requested end may take beyond its grace time. */
const stopTimeoutMs = 30_000;
/** How long a host that can be reached but is silent is then waited for. */
const silenceTimeoutMs = 3000;

/** A person or the time limit ends the run. */
export function stopRequested(state: DurableState, request: DurableEvent<"stopRequested">): Transition {
  const { graceMs } = request;
  if (state.stop !== undefined) {
    // A shorter grace time is requested from the host again; each answer reports what was achieved.
    const isSooner = graceMs < state.stop.graceMs;
    if (!isSooner) return [state, []];
    const [next, asked] = askToEnd(withStop(state, { ...state.stop, graceMs, asking: false }));
    return [next, [{ type: "updatePlan" }, ...asked]];
  }
  if (state.command === "unsent") {
    const ending = stopEnding(request.reason, state.plan);
    return [{ ...state, step: { at: "over" } }, [{ type: "end", ending }, { type: "abort" }]];
  }
  // The first reason counts, also if it was an earlier daemon's.
  const reason = state.plan.stop?.reason ?? request.reason;
  const effects: DurableEffect[] = [
    {
      type: "reportStatus",
      message: stoppingMessage(reason),
      reconnecting: state.reconnecting,
      stopping: true,
    },
    { type: "startTimer", timer: "stop", ms: graceMs + stopTimeoutMs },
  ];
  if (isSilent(state)) effects.push({ type: "startTimer", timer: "silence", ms: silenceTimeoutMs });
  const [next, asked] = askToEnd(withStop(state, { reason, graceMs, asking: false, end: "unknown" }));
  return [next, [...effects, { type: "updatePlan" }, { type: "cutPauseShort" }, ...asked]];
}

/** The stop, as the next daemon is to know it as well. */
function withStop(state: DurableState, stop: DurableStop): DurableState {
  const { reason, graceMs } = stop;
  return { ...state, stop, plan: { ...state.plan, stop: { reason, graceMs } } };
}

const ways = { cancelled: "signal", timedOut: "limit" } as const;

/** Asks the host once there is a session and the group is known, but not while an earlier request is pending. */
export function askToEnd(state: DurableState): Transition {
  const { stop, step, plan } = state;
  if (stop === undefined || step.at !== "session" || step.connection === undefined) return [state, []];
  const { state: said, group } = step.status ?? {};
  if (said !== "running" && said !== "ended") return [state, []];
  if (group === undefined || plan.directory === null || stop.asking) return [state, []];
  if (stop.end !== "unknown") return [state, [{ type: "release" }]];
  const { graceMs, reason } = stop;
  const { directory } = plan;
  const way = said === "ended" ? "wait" : ways[reason];
  const asking: DurableState = { ...state, stop: { ...stop, asking: true } };
  return [asking, [{ type: "endGroup", group, graceMs, directory, way }]];
}

/** The command had ended before its time was up; only its output is still being received. */
export function withdrawn(state: DurableState): Transition {
  const message = "The command had ended in time; receiving the rest of its output";
  const next: DurableState = { ...state, stop: undefined, plan: { ...state.plan, stop: null } };
  return [
    next,
    [
      { type: "withdrawStop" },
      { type: "updatePlan" },
      { type: "reportStatus", message, reconnecting: state.reconnecting },
    ],
  ];
}

/** The ending of a stopped run that would otherwise have ended as `ending`. */
export function stoppedEnding({ plan }: DurableState, { reason, end }: DurableStop, ending: Ending): Ending {
  const { problem: _, ...known } = ending;
  const stopConfirmed = ending.outcome === "failed" || end === "gone";
  return { ...known, ...stopEnding(reason, plan), stopConfirmed };
}

/** The message for a stop that the host has not confirmed. What may be left is ended later (see removal.ts). */
export function notConfirmed({ plan: { target }, stop }: DurableState): string {
  const message = unconfirmedMessage(target);
  return stop?.end === "unseen" ? message : `${message}, and Hostrun keeps trying to end it`;
}

/** The session is open, but the host has not reported a status. */
export function isSilent({ step }: DurableState): boolean {
  return step.at === "session" && step.connection !== undefined && step.status === undefined;
}
