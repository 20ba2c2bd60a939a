import type { OutputStream } from "../../../protocol/event.ts";
import type { Problem } from "../../../protocol/problem.ts";
import type { RemoteProcess } from "../../transport/remote.ts";
import type { Ending } from "../record/ending.ts";
import type { DurableGroup, GroupEnd } from "../terminate/group-end.ts";
import type { StopReason, StopRequest } from "../terminate/stop-controller.ts";
import type { SessionEnd } from "./host-session.ts";
import type { DurablePlan } from "./plan.ts";
import type { RemoteStatus } from "./remote-status.ts";

/** The state of a durable run, as data. `transition` maps each event to the next state and its effects. */
export interface DurableState {
  readonly plan: DurablePlan;
  /** sent: the host may have the command. begun: the host has reported that it began. */
  readonly command: "unsent" | "sent" | "begun";
  /** The command is only looked for: it was started already, or what starts it is unknown. */
  readonly findOnly: boolean;
  readonly step: DurableStep;
  /** Set once a stop was requested and there is something to end. */
  readonly stop: DurableStop | undefined;
  /** A status has reported that the host is being looked for. */
  readonly reconnecting: boolean;
  /** A status has reported that the store has no room. */
  readonly waitsForRoom: boolean;
}

/**
 *     queued ──────────────┬──> session <──> pausing
 *     queued -> replaying ─┘      │ └──> closing ──> …
 *               replaying <───────┤ (the store has no room)
 *                                 └──> over, left
 */
export type DurableStep =
  /** `gaveUp`: the run ends once the earlier daemon's record, which is read while `replaying`, is restored. */
  | { readonly at: "queued" | "replaying"; readonly gaveUp: boolean }
  /** Without `connection` it is being opened; without `status` the host has not reported one. */
  | {
      readonly at: "session";
      readonly connection: SessionConnection | undefined;
      readonly status: RemoteStatus | undefined;
    }
  /** The session is over, but the answer to a stop is still awaited. */
  | { readonly at: "closing"; readonly closed: SessionClosed; readonly status: RemoteStatus | undefined }
  | { readonly at: "pausing" }
  /** The run has ended. */
  | { readonly at: "over" }
  /** The run stays open, for the next daemon. */
  | { readonly at: "left" };

export type SessionConnection = Pick<RemoteProcess, "reused" | "connectMs"> &
  Partial<Pick<RemoteProcess, "connection">>;

export interface DurableStop {
  readonly reason: StopReason;
  readonly graceMs: number;
  /** The host was asked to end the processes and has not answered. */
  readonly asking: boolean;
  /** The last answer. */
  readonly end: GroupEnd;
}

export interface SessionClosed {
  readonly how: SessionEnd["kind"];
  /** Bytes received of each stream. */
  readonly received: Readonly<Record<OutputStream, number>>;
  /** The time limit for reaching the host has passed. */
  readonly exhausted: boolean;
}

export type DurableTimer =
  /** Ending the processes takes too long (`stopTimeoutMs`). */
  | "stop"
  /** The host's first status takes too long (`silenceTimeoutMs`). */
  | "silence"
  /** The final status takes too long where processes could not be ended (`statusTimeoutMs`). */
  | "left";

/** The events of a run, by name. */
interface EventFields {
  /** The run was admitted. */
  admitted: unknown;
  planSaved: unknown;
  replayed: unknown;
  /** The earlier daemon's record cannot be read. */
  unreadable: unknown;
  /** A step of connecting to the host. */
  connecting: { readonly message: string };
  opened: { readonly connection: SessionConnection };
  /** The command was sent, after the host had asked for it. */
  sent: unknown;
  reported: { readonly status: RemoteStatus };
  closed: SessionClosed;
  /** There is no session, or the plan could not be saved. */
  failed: { readonly problem: Problem; readonly exhausted: boolean };
  paused: unknown;
  /** The store had no room for output. */
  unrecorded: unknown;
  stopRequested: StopRequest;
  /** undefined: the host did not answer. */
  groupEnded: { readonly end: GroupEnd | undefined };
  abandoned: { readonly problem: Problem };
  elapsed: { readonly timer: DurableTimer };
}

export type DurableEvent<Type extends keyof EventFields = keyof EventFields> = {
  [Each in Type]: { readonly type: Each } & EventFields[Each];
}[Type];

/** The effects of a transition, by name. */
interface EffectFields {
  connecting: { readonly message: string };
  running: { readonly message: string; readonly reused?: boolean };
  /** Reports progress in the run's present state. */
  reportStatus: { readonly message: string; readonly reconnecting: boolean; readonly stopping?: true };
  /** Commits the plan: `planSaved` or `failed` follows. */
  savePlan: unknown;
  /** Commits the plan with more in it; the run continues even if that fails. */
  updatePlan: unknown;
  /** `replayed` or `unreadable` follows. */
  replay: unknown;
  /** `opened` and `closed` follow, or `failed`. `more`: the last session reached the host but ended early. */
  openSession: { readonly more: boolean };
  /** `paused` follows. */
  pause: unknown;
  cutPauseShort: unknown;
  /** Leaves the session, waits for room and replays the record: `replayed` or `unreadable` follows. */
  waitForRoom: unknown;
  /** The host was reached. */
  reached: unknown;
  /** Starts the command's time limit. */
  limitTime: unknown;
  /** The command has ended: what is left to do has no time limit. */
  endTimeLimit: unknown;
  /** Requests the end of the run again, as an earlier daemon did: `stopRequested` follows. */
  resumeStop: { readonly request: StopRequest };
  /** The stop was not needed. */
  withdrawStop: unknown;
  /** `groupEnded` follows. `directory`: that of all runs on the host. */
  endGroup: {
    readonly group: number;
    readonly graceMs: number;
    readonly directory: string;
    readonly way: DurableGroup["way"];
  };
  /** The host is no longer held for a slow reader. */
  release: unknown;
  startTimer: { readonly timer: DurableTimer; readonly ms: number };
  end: { readonly ending: Ending };
  /** Aborts whatever is under way. */
  abort: unknown;
}

export type DurableEffect<Type extends keyof EffectFields = keyof EffectFields> = {
  [Each in Type]: { readonly type: Each } & EffectFields[Each];
}[Type];

export type Transition = readonly [DurableState, readonly DurableEffect[]];

/** The last status of the current session. */
export function statusOf({ step }: DurableState): RemoteStatus | undefined {
  return step.at === "session" || step.at === "closing" ? step.status : undefined;
}

/** `isNew`: nothing was sent yet, and what starts the command is known. */
export function initialState(
  plan: DurablePlan,
  { isNew, hasBegun }: { isNew: boolean; hasBegun: boolean },
): DurableState {
  return {
    plan,
    command: isNew ? "unsent" : hasBegun ? "begun" : "sent",
    findOnly: !isNew,
    step: { at: "queued", gaveUp: false },
    stop: undefined,
    reconnecting: false,
    waitsForRoom: false,
  };
}
