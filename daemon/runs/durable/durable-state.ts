import type { OutputStream } from "../../../protocol/event.ts";
import type { Problem } from "../../../protocol/problem.ts";
import type { RemoteProcess } from "../../transport/remote.ts";
import type { Ending } from "../record/ending.ts";
import type { GroupEnd } from "../terminate/group-end.ts";
import type { StopReason, StopRequest } from "../terminate/stop-controller.ts";
import type { SessionEnd } from "./host-session.ts";
import type { DurablePlan } from "./plan.ts";
import type { RemoteStatus } from "./remote-status.ts";

/** Where a durable run is, as data: `transition` says what follows from each event. */
export interface DurableState {
  readonly plan: DurablePlan;
  /** sent: the host may have the command. begun: it said so. */
  readonly command: "unsent" | "sent" | "begun";
  /** The command is only looked for: it was started, or what starts it is not known. */
  readonly findOnly: boolean;
  readonly step: DurableStep;
  /** Set once its end was requested and there is something to end. */
  readonly stop: DurableStop | undefined;
  /** A person was told that the host is looked for. */
  readonly reconnecting: boolean;
  /** A person was told that the store has no room. */
  readonly waitsForRoom: boolean;
}

/**
 *     queued ──────────────┬──> session <──> pausing
 *     queued -> replaying ─┘      │ └──> closing ──> …
 *               replaying <───────┤ (the store has no room)
 *                                 └──> over, left
 */
export type DurableStep =
  /** `gaveUp`: the run ends once it is known what an earlier daemon recorded of it, which is read while `replaying`. */
  | { readonly at: "queued" | "replaying"; readonly gaveUp: boolean }
  /** Without `connection` it is being opened; without `status` the host has not said how things are. */
  | {
      readonly at: "session";
      readonly connection: SessionConnection | undefined;
      readonly status: RemoteStatus | undefined;
    }
  /** The session is over, and the host still works on a stop. */
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
  /** What it answered last. */
  readonly end: GroupEnd;
}

export interface SessionClosed {
  readonly how: SessionEnd["kind"];
  /** Bytes of each stream that are here. */
  readonly received: Readonly<Record<OutputStream, number>>;
  /** The host was looked for as long as it may be. */
  readonly exhausted: boolean;
}

export type DurableTimer =
  /** Ending the processes takes too long (`stopTimeoutMs`). */
  | "stop"
  /** The host's first status takes too long (`silenceTimeoutMs`). */
  | "silence"
  /** The final status takes too long where processes could not be ended (`statusTimeoutMs`). */
  | "left";

/** What may happen to a run, by name. */
interface EventFields {
  /** It is the run's turn. */
  admitted: unknown;
  planSaved: unknown;
  replayed: unknown;
  /** The record of an earlier daemon cannot be read. */
  unreadable: unknown;
  /** A step on the way to the host. */
  connecting: { readonly message: string };
  opened: { readonly connection: SessionConnection };
  /** The host asked for the command, and was sent it. */
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

/** What is to be done for a run, by name. */
interface EffectFields {
  connecting: { readonly message: string };
  running: { readonly message: string; readonly reused?: boolean };
  /** Tells what happens, in whatever state the run is. */
  tell: { readonly message: string; readonly reconnecting: boolean; readonly stopping?: true };
  /** Commits the plan: `planSaved` or `failed` follows. */
  savePlan: unknown;
  /** The plan has more in it now; it also serves where that cannot be written. */
  updatePlan: unknown;
  /** `replayed` or `unreadable` follows. */
  replay: unknown;
  /** `opened` and `closed` follow, or `failed`. `more`: the last session ended early, and the host was reached. */
  openSession: { readonly more: boolean };
  /** `paused` follows. */
  pause: unknown;
  cutPauseShort: unknown;
  /** Leaves the session, waits for room and takes in again what is recorded: `replayed` or `unreadable` follows. */
  waitForRoom: unknown;
  /** The host was reached. */
  reached: unknown;
  /** From here on the command has the time that its plan allows. */
  limitTime: unknown;
  /** `groupEnded` follows. `directory`: that of all runs on the host. */
  endGroup: { readonly group: number; readonly graceMs: number; readonly directory: string };
  /** The host is held no more for a slow reader. */
  release: unknown;
  startTimer: { readonly timer: DurableTimer; readonly ms: number };
  end: { readonly ending: Ending };
  /** Ends whatever is under way. */
  abort: unknown;
}

export type DurableEffect<Type extends keyof EffectFields = keyof EffectFields> = {
  [Each in Type]: { readonly type: Each } & EffectFields[Each];
}[Type];

export type Transition = readonly [DurableState, readonly DurableEffect[]];

/** What the host said last in the session that there is. */
export function statusOf({ step }: DurableState): RemoteStatus | undefined {
  return step.at === "session" ? step.status : undefined;
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
