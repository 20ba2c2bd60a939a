import { describe, expect, test } from "vitest";
import {
  type DurableEvent,
  type DurableState,
  initialState,
} from "../../../../../daemon/runs/durable/durable-state.ts";
import type { DurablePlan } from "../../../../../daemon/runs/durable/plan.ts";
import {
  directory,
  fresh,
  plan,
  resumed,
  opened,
  sent,
  running,
  cancel,
  refuse,
  end,
  close,
  groupEnded,
  after,
  types,
  endingOf,
  opening,
  open,
  begun,
} from "../../../../support/durable-events.ts";

describe("a stop", () => {
  test.each([
    ["in the queue", []],
    ["while its host is dialled", opening],
    ["before the host asked for the command", [...opening, opened]],
  ] as const)("%s ends the run at once", (_, events) => {
    const [state, effects] = after(fresh, ...events, cancel);
    expect(effects).toEqual([{ type: "end", ending: { outcome: "cancelled" } }, { type: "abort" }]);
    expect(state.step.at).toBe("over");
    expect(after(state, sent, running, close("exited"))[1]).toEqual([]);
  });

  const group = { group: 77, directory, way: "signal" };
  test("of a running command ends its group, once", () => {
    const [state, effects] = after(fresh, ...begun, cancel);
    expect(effects).toEqual([
      { type: "reportStatus", message: "Cancelling", reconnecting: false, stopping: true },
      { type: "startTimer", timer: "stop", ms: 30_300 },
      // The next daemon knows of it before the host does.
      { type: "updatePlan" },
      { type: "cutPauseShort" },
      { type: "endGroup", ...group, graceMs: 300 },
    ]);
    expect(state.plan.stop).toEqual({ reason: "cancelled", graceMs: 300 });
    expect(after(state, cancel)[1]).toEqual([]);
    expect(after(state, running)[1]).toEqual([]);
    // With less time it is asked again.
    const sooner = { ...cancel, graceMs: 100 };
    const [next, again] = after(state, sooner);
    expect(again).toEqual([{ type: "updatePlan" }, { type: "endGroup", ...group, graceMs: 100 }]);
    expect(next.plan.stop).toEqual({ reason: "cancelled", graceMs: 100 });
  });

  test("that the host confirmed", () => {
    const [state, released] = after(fresh, ...begun, cancel, groupEnded("gone"));
    expect(released).toEqual([{ type: "release" }]);
    // It is not asked again.
    expect(after(state, running)[1]).toEqual([{ type: "release" }]);
    const signal = end({ code: undefined, signal: "INT" });
    expect(endingOf(after(state, signal, close("exited"))[1])).toEqual({
      outcome: "cancelled",
      signal: "INT",
      sha256: undefined,
      stopConfirmed: true,
    });
  });

  test("whose answer comes after the command's end", () => {
    const [state, effects] = after(fresh, ...begun, cancel, end(), close("exited"));
    expect([state.step.at, effects]).toEqual(["closing", []]);
    const [, last] = after(state, groupEnded("gone"));
    expect(types(last)).toEqual(["release", "reached", "end"]);
    expect(endingOf(last)).toMatchObject({ outcome: "cancelled", exitCode: 3, stopConfirmed: true });
  });

  test.each(["alive", "unseen"] as const)("that left something: %s", (how) => {
    const [state, effects] = after(fresh, ...begun, cancel, groupEnded(how));
    expect(effects).toEqual([{ type: "release" }, { type: "startTimer", timer: "left", ms: 2000 }]);
    const [last, effectsOfLeft] = after(state, { type: "elapsed", timer: "left" });
    expect(types(effectsOfLeft)).toEqual(["reportStatus", "end", "abort"]);
    const promise = ", and Hostrun keeps trying to end it";
    expect(effectsOfLeft[0]).toMatchObject({
      message: `web1 did not confirm that the command ended; it may still run there${how === "alive" ? promise : ""}`,
    });
    expect(endingOf(effectsOfLeft)).toEqual({ outcome: "cancelled", stopConfirmed: false });
    expect(last.step.at).toBe("over");
  });

  test("that was not answered is asked for again over the next session", () => {
    const [state] = after(fresh, ...begun, cancel, close("lost"), groupEnded(undefined));
    expect(state.step.at).toBe("pausing");
    const [, effects] = after(state, { type: "paused" }, opened, running);
    expect(types(effects)).toEqual(["running", "endGroup"]);
  });

  test("of a run whose time is over says so", () => {
    const timedOut: DurableEvent = { type: "stopRequested", reason: "timedOut", graceMs: 5000 };
    const [state, effects] = after(fresh, ...begun, timedOut);
    expect(effects[0]).toMatchObject({ message: "Out of time; ending the command" });
    const ending = endingOf(after(state, groupEnded("gone"), end(), close("exited"))[1]);
    expect(ending).toMatchObject({ outcome: "timedOut", exitCode: 3, problem: { code: "timed_out" } });
  });

  test("of a run whose command turns out to have ended in time is withdrawn", () => {
    const timedOut: DurableEvent = { type: "stopRequested", reason: "timedOut", graceMs: 5000 };
    const [asked] = after(fresh, ...begun, timedOut);
    const [state, effects] = after(asked, groupEnded("over"));
    const message = "The command had ended in time; receiving the rest of its output";
    expect(effects).toEqual([
      { type: "withdrawStop" },
      { type: "updatePlan" },
      { type: "reportStatus", message, reconnecting: false },
    ]);
    expect([state.stop, state.plan.stop]).toEqual([undefined, null]);
    const ending = { outcome: "exited", exitCode: 3, sha256: undefined };
    expect(endingOf(after(state, end(), close("exited"))[1])).toEqual(ending);
    // Also if the answer comes last.
    expect(endingOf(after(asked, end(), close("exited"), groupEnded("over"))[1])).toEqual(ending);
    expect(types(after(state, cancel)[1]).at(-1)).toBe("endGroup");
  });

  test("of a command that turns out not to have begun is confirmed", () => {
    const [state] = after(fresh, ...open, close("lost"), cancel, { type: "paused" }, opened);
    const ending = endingOf(after(state, refuse("full"), close("exited"))[1]);
    expect(ending).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
  });

  test("of a host that says nothing waits for a moment", () => {
    const [state, effects] = after(fresh, ...open, cancel);
    expect(types(effects)).toEqual([
      "reportStatus",
      "startTimer",
      "startTimer",
      "updatePlan",
      "cutPauseShort",
    ]);
    expect(effects[2]).toEqual({ type: "startTimer", timer: "silence", ms: 3000 });
    const elapsed: DurableEvent = { type: "elapsed", timer: "silence" };
    expect(endingOf(after(state, elapsed)[1])).toEqual({ outcome: "cancelled", stopConfirmed: false });
    // One that has said something is given the time that an end takes.
    expect(after(state, running, elapsed)[1]).toEqual([]);
  });

  test("that takes too long is given up, also while the host is looked for", () => {
    const elapsed: DurableEvent = { type: "elapsed", timer: "stop" };
    const [away] = after(fresh, ...begun, close("lost"), cancel);
    for (const state of [away, after(fresh, ...begun, cancel)[0]]) {
      const [last, effects] = after(state, elapsed);
      expect(endingOf(effects)).toEqual({ outcome: "cancelled", stopConfirmed: false });
      expect([types(effects).at(-1), last.step.at]).toEqual(["abort", "over"]);
    }
  });

  test.each([
    ["waits for its turn", [], [{ type: "admitted" }]],
    ["is replayed", [{ type: "admitted" }], []],
  ] as const)("that takes too long while the run %s ends it once its record is known", (_, before, then) => {
    const elapsed: DurableEvent = { type: "elapsed", timer: "stop" };
    const [state, effects] = after(resumed.begun, ...before, cancel, elapsed, ...then);
    expect(types(effects)).not.toContain("end");
    for (const known of ["replayed", "unreadable"] as const) {
      expect(endingOf(after(state, { type: known })[1])).toEqual({
        outcome: "cancelled",
        stopConfirmed: false,
      });
    }
  });

  describe("that an earlier daemon had been asked for", () => {
    const request = { reason: "timedOut", graceMs: 5000 } as const;
    const begunBefore = (more: Partial<DurablePlan>): DurableState =>
      initialState({ ...plan, directory, stop: request, ...more }, { isNew: false, hasBegun: true });
    const stop: DurableEvent = { type: "stopRequested", ...request };
    const atHost = [{ type: "admitted" }, stop, { type: "replayed" }, opened] as const;

    test("is requested again, but not in a copy of the store", () => {
      const [, effects] = after(begunBefore({}), { type: "admitted" });
      expect(effects.slice(1)).toEqual([{ type: "resumeStop", request }, { type: "replay" }]);
      const [, ofCopy] = after(begunBefore({ isOwn: false }), { type: "admitted" });
      expect(types(ofCopy)).toEqual(["reportStatus", "replay"]);
    });

    test("ends what still runs, for the reason that it had then", () => {
      const [state, effects] = after(begunBefore({}), ...atHost, running);
      expect(effects.at(-1)).toEqual({ type: "endGroup", ...group, graceMs: 5000, way: "limit" });
      const [, ending] = after(state, groupEnded("gone"), end(), close("exited"));
      expect(endingOf(ending)).toMatchObject({ outcome: "timedOut", stopConfirmed: true });
      const [first] = after(begunBefore({}), cancel);
      expect(first.plan.stop).toEqual({ reason: "timedOut", graceMs: 300 });
    });

    test.each([
      ["gone", true],
      ["alive", false],
      [undefined, false],
    ] as const)("of a command that has ended since, what is left of it is %s", (how, stopConfirmed) => {
      const signaled = end({ code: undefined, signal: "INT" });
      const [state, effects] = after(begunBefore({}), ...atHost, signaled);
      expect(effects.at(-1)).toEqual({ type: "endGroup", ...group, graceMs: 5000, way: "wait" });
      // The host's answer is no reason not to receive the rest.
      expect(types(after(state, groupEnded(how))[1])).toEqual(["release"]);
      const [, ending] = after(state, close("exited"), groupEnded(how));
      expect(endingOf(ending)).toMatchObject({ outcome: "timedOut", signal: "INT", stopConfirmed });
    });
  });
});
