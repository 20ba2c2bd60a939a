import type { Ending } from "../record/ending.ts";
import { stopEnding, stoppingMessage } from "../terminate/stop-controller.ts";
import type { DurableEffect, DurableEvent, DurableState, DurableStop, Transition } from "./durable-state.ts";

/** How long a requested end may take beyond its grace time. */
const stopTimeoutMs = 30_000;
/** How long a host that can be reached but is silent is then waited for. */
const silenceTimeoutMs = 3000;

/** A person or the time limit ends the run. */
export function stopRequested(
  state: DurableState,
  { reason, graceMs }: DurableEvent<"stopRequested">,
): Transition {
  if (state.stop !== undefined) {
    // A shorter grace time is requested from the host again; each answer reports what was achieved.
    const isSooner = graceMs < state.stop.graceMs;
    return isSooner ? askToEnd({ ...state, stop: { ...state.stop, graceMs, asking: false } }) : [state, []];
  }
  if (state.command === "unsent") {
    const ending = stopEnding(reason, state.plan);
    return [{ ...state, step: { at: "over" } }, [{ type: "end", ending }, { type: "abort" }]];
  }
  const stop: DurableStop = { reason, graceMs, asking: false, end: "unknown" };
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
  const [next, asked] = askToEnd({ ...state, stop });
  return [next, [...effects, { type: "cutPauseShort" }, ...asked]];
}

/** Asks the host once there is a session and the group is known, but not while an earlier request is pending. */
export function askToEnd(state: DurableState): Transition {
  const { stop, step, plan } = state;
  if (stop === undefined || step.at !== "session" || step.connection === undefined) return [state, []];
  const { state: said, group } = step.status ?? {};
  if (said !== "running" || group === undefined || plan.directory === null || stop.asking) return [state, []];
  if (stop.end !== "unknown") return [state, [{ type: "release" }]];
  const { graceMs } = stop;
  const { directory } = plan;
  return [{ ...state, stop: { ...stop, asking: true } }, [{ type: "endGroup", group, graceMs, directory }]];
}

/** The ending of a stopped run that would otherwise have ended as `ending`. */
export function stoppedEnding({ plan }: DurableState, { reason, end }: DurableStop, ending: Ending): Ending {
  const { problem: _, ...known } = ending;
  const stopConfirmed = ending.outcome === "failed" || end === "gone";
  return { ...known, ...stopEnding(reason, plan), stopConfirmed };
}

/** The session is open, but the host has not reported a status. */
export function isSilent({ step }: DurableState): boolean {
  return step.at === "session" && step.connection !== undefined && step.status === undefined;
}
