import type { RemoteStatus } from "../../daemon/runs/durable/remote-status.ts";
import {
  type DurableEffect,
  type DurableEvent,
  type DurableState,
  initialState,
} from "../../daemon/runs/durable/durable-state.ts";
import type { DurablePlan } from "../../daemon/runs/durable/plan.ts";
import type { GroupEnd } from "../../daemon/runs/terminate/group-end.ts";
import { transition } from "../../daemon/runs/durable/transition.ts";
import { plainHopSettings } from "../../daemon/transport/hop-settings.ts";
import { Problem } from "../../protocol/problem.ts";

export const plan: DurablePlan = {
  target: {
    name: "web1",
    address: "192.0.2.1",
    port: 22,
    user: "eve",
    identityFiles: [],
    identitiesOnly: false,
    hostKeyPolicy: "ask",
    settings: plainHopSettings,
    jump: [],
  },
  agentSocket: null,
  connectTimeoutMs: 2000,
  timeoutMs: 0,
  recordLimitBytes: 1000,
  directory: null,
  isOwn: true,
  stop: null,
};
export const directory = "/var/tmp/hostrun-1000";
export const problem = new Problem("connection_lost", "Gone.");
const connection = { reused: true, connectMs: 0 };
const received = { stdout: 5, stderr: 0 };

export const fresh = initialState(plan, { isNew: true, hasBegun: false });
export const resumed = { sent: resumedAs(false), begun: resumedAs(true) };

function resumedAs(hasBegun: boolean): DurableState {
  return initialState({ ...plan, directory }, { isNew: false, hasBegun });
}

export function status(state: string, more: Partial<RemoteStatus> = {}): RemoteStatus {
  const unknown = { code: undefined, signal: undefined, hashes: undefined };
  return { ...unknown, state, group: 77, sizes: { stdout: 0, stderr: 0 }, directory, ...more };
}

export const opened: DurableEvent = { type: "opened", connection };
export const sent: DurableEvent = { type: "sent" };
export const running: DurableEvent = { type: "reported", status: status("running") };
export const cancel: DurableEvent = { type: "stopRequested", reason: "cancelled", graceMs: 300 };
export const refuse = (state: string): DurableEvent => ({ type: "reported", status: status(state) });
export const end = (more: Partial<RemoteStatus> = {}): DurableEvent => ({
  type: "reported",
  status: status("ended", { code: 3, sizes: { stdout: 5, stderr: 0 }, ...more }),
});
export const close = (how: "exited" | "signaled" | "lost" | "silent", exhausted = false): DurableEvent => ({
  type: "closed",
  how,
  received,
  exhausted,
});
export const fail = (exhausted = false): DurableEvent => ({ type: "failed", problem, exhausted });
export const groupEnded = (how: GroupEnd | undefined): DurableEvent => ({
  type: "groupEnded",
  end: how,
});

/** Where events lead to, and the effects of the last one. */
export function after(
  state: DurableState,
  ...events: DurableEvent[]
): [DurableState, readonly DurableEffect[]] {
  return events.reduce<[DurableState, readonly DurableEffect[]]>(
    ([from], event) => [...transition(from, event)],
    [state, []],
  );
}

export const types = (effects: readonly DurableEffect[]): string[] => effects.map(({ type }) => type);

export function endingOf(effects: readonly DurableEffect[]) {
  return effects.flatMap((effect) => (effect.type === "end" ? [effect.ending] : []))[0];
}

export const opening = [{ type: "admitted" }, { type: "planSaved" }] as const;
export const open = [...opening, opened, sent] as const;
export const begun = [...open, running] as const;
