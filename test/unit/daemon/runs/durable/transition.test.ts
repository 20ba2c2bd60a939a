import { describe, expect, test } from "vitest";
import {
  type DurableEvent,
  type DurableState,
  initialState,
} from "../../../../../daemon/runs/durable/durable-state.ts";
import { transition } from "../../../../../daemon/runs/durable/transition.ts";
import {
  plan,
  directory,
  problem,
  fresh,
  resumed,
  status,
  opened,
  sent,
  running,
  cancel,
  refuse,
  end,
  close,
  fail,
  groupEnded,
  after,
  types,
  endingOf,
  opening,
  open,
  begun,
} from "../../../../support/durable-events.ts";
import { containing } from "../../../../support/matching.ts";

describe("a new run", () => {
  test("is recorded before a session is opened", () => {
    const [queued, first] = after(fresh, { type: "admitted" });
    expect(types(first)).toEqual(["connecting", "savePlan"]);
    expect(queued.step.at).toBe("queued");
    const [next, effects] = transition(queued, { type: "planSaved" });
    expect(effects).toEqual([{ type: "openSession", more: false }]);
    expect(next.step).toEqual({ at: "session", connection: undefined, status: undefined });
  });

  test.each([
    ["the plan cannot be saved", [{ type: "admitted" }, fail()]],
    ["no session comes about", [...opening, fail()]],
  ] as const)("fails where %s", (_, events) => {
    const [state, effects] = after(fresh, ...events);
    expect(effects).toEqual([{ type: "end", ending: { outcome: "failed", problem } }]);
    expect(state.step.at).toBe("over");
    expect(state.command).toBe("unsent");
  });

  test("tells of the way to the host until the command is sent", () => {
    const step: DurableEvent = { type: "connecting", message: "Connecting to bastion" };
    expect(after(fresh, ...opening, step)[1]).toEqual([step]);
    expect(after(fresh, ...open, step)[1]).toEqual([]);
  });

  test("is sent when the host asks for it, and begins when the host says so", () => {
    expect(after(fresh, ...opening, opened)[0].command).toBe("unsent");
    expect(after(fresh, ...open)[0].command).toBe("sent");
    const [state, effects] = after(fresh, ...begun);
    expect(state).toMatchObject({ command: "begun", findOnly: true, plan: { directory } });
    const message = "Connected to web1 over a warm connection";
    expect(effects).toEqual([{ type: "running", message, reused: true }, { type: "updatePlan" }]);
  });

  test("is told of where it is kept, where that is the second choice, and only once", () => {
    const home: DurableEvent = {
      type: "reported",
      status: status("running", { directory: "/home/eve/.hostrun" }),
    };
    const [state, effects] = after(fresh, ...open, home);
    expect(types(effects)).toEqual(["running", "updatePlan", "reportStatus"]);
    expect(types(after(state, close("lost"), { type: "paused" }, opened, home)[1])).toEqual(["running"]);
  });

  test("has the time that it was given from its beginning on", () => {
    const limited = initialState({ ...plan, timeoutMs: 1000 }, { isNew: true, hasBegun: false });
    expect(types(after(limited, ...begun)[1])).toEqual(["running", "updatePlan", "limitTime"]);
    // Not for what is still to be received once the command has ended.
    expect(types(after(limited, ...begun, end())[1])).toEqual(["endTimeLimit"]);
    expect(types(after(limited, ...open, end())[1])).toEqual(["running", "updatePlan", "endTimeLimit"]);
  });

  test.each([
    ["runs no shell", [...opening, opened, close("exited")], "does not run /bin/sh"],
    [
      "never asks for it",
      [...opening, opened, close("silent")],
      "did not start what a durable run needs within 2 s",
    ],
    ["has no setsid", [...open, refuse("setsid"), close("exited")], "neither setsid nor perl"],
    ["has no room", [...open, refuse("full"), close("exited")], "could not keep it"],
    ["says something else", [...open, refuse("what"), close("exited")], "was lost before the command"],
  ] as const)("fails where the host %s", (_, events, words) => {
    const ending = endingOf(after(fresh, ...events)[1]);
    expect(ending?.outcome).toBe("failed");
    expect(ending?.problem?.message).toContain(words);
  });

  test("is unknown where the host says nothing after it was sent", () => {
    const ending = endingOf(after(fresh, ...open, close("silent"))[1]);
    expect(ending?.outcome).toBe("unknown");
    expect(ending?.problem?.message).toContain("may be running there");
  });

  test("is only looked for where its directory is there already", () => {
    const [state, effects] = after(fresh, ...open, refuse("there"), close("exited"));
    expect(effects).toEqual([{ type: "reached" }, { type: "openSession", more: true }]);
    expect(state).toMatchObject({ findOnly: true, command: "sent" });
  });

  test("may be sent again where the link was cut before the host said anything", () => {
    const [state, effects] = after(fresh, ...open, close("lost"));
    expect(types(effects)).toEqual(["reportStatus", "pause"]);
    expect(state).toMatchObject({ findOnly: false, command: "sent", step: { at: "pausing" } });
    expect(after(state, { type: "paused" })[1]).toEqual([{ type: "openSession", more: false }]);
  });
});

describe("a run that has begun", () => {
  const [state] = after(fresh, ...begun);

  test.each([
    ["with its exit code", { code: 3 }, { outcome: "exited", exitCode: 3 }],
    ["with its signal", { code: undefined, signal: "TERM" }, { outcome: "signaled", signal: "TERM" }],
    ["as unknown without either", { code: undefined }, { outcome: "unknown" }],
  ] as const)("ends %s", (_, more, ending) => {
    const [last, effects] = after(state, end(more), close("exited"));
    expect(types(effects)).toEqual(["reached", "end"]);
    expect(endingOf(effects)).toMatchObject(ending);
    expect(last.step.at).toBe("over");
  });

  test("ends as unknown where its runner is gone", () => {
    const lost: DurableEvent = { type: "reported", status: status("lost") };
    expect(endingOf(after(state, lost, close("exited"))[1])?.problem?.message).toContain(
      "it was killed, or the host was restarted",
    );
  });

  test.each([
    ["the host closed the session", "exited", ["reached", "openSession"]],
    ["the link was cut", "lost", ["reached", "reportStatus", "pause"]],
  ] as const)("goes on for bytes that are not here when %s", (_, how, effects) => {
    const more = end({ sizes: { stdout: 6, stderr: 0 } });
    expect(types(after(state, more, close(how))[1])).toEqual(effects);
  });

  test("goes on while it is running", () => {
    expect(after(state, close("signaled"))[1]).toEqual([
      { type: "reached" },
      { type: "openSession", more: true },
    ]);
    expect(types(after(state, close("lost"))[1])).toEqual(["reached", "reportStatus", "pause"]);
    // A host that has just said something was not looked for.
    expect(types(after(state, close("lost", true))[1])).toEqual(["reached", "reportStatus", "pause"]);
  });

  test("waits for room in the store, takes its record in again and goes on, and says so once", () => {
    const unrecorded: DurableEvent = { type: "unrecorded" };
    const [waiting, effects] = after(state, unrecorded);
    expect(types(effects)).toEqual(["reportStatus", "waitForRoom"]);
    // How the session that was left ends does not matter.
    expect(after(waiting, end(), close("exited"), unrecorded)[1]).toEqual([]);
    const replayed = { type: "replayed" } as const;
    const [back, reopened] = after(waiting, replayed);
    expect(types(reopened)).toEqual(["openSession"]);
    expect(types(after(back, opened, unrecorded)[1])).toEqual(["waitForRoom"]);
    expect(types(after(back, opened, end(), close("exited"))[1])).toEqual(["reached", "end"]);
  });

  test("does not wait for room when it is to end", () => {
    expect(after(state, cancel, { type: "unrecorded" })[1]).toEqual([]);
    expect(types(after(state, { type: "unrecorded" }, cancel)[1])).toContain("cutPauseShort");
  });

  test("is told of as reconnecting once, and as reconnected once", () => {
    const [away, first] = after(state, close("lost"), { type: "paused" }, fail());
    expect(types(first)).toEqual(["pause"]);
    const [back, second] = after(away, { type: "paused" }, opened, running);
    expect(second).toEqual([{ type: "running", message: "Reconnected to web1" }]);
    expect(after(back, running)[1]).toEqual([]);
  });

  test.each([
    ["cannot be reached", [fail(true)]],
    ["is reached and says nothing", [opened, close("exited", true)]],
  ] as const)("is unknown where the host %s for a day", (_, events) => {
    const [away] = after(state, close("lost"), { type: "paused" });
    const [last, effects] = after(away, ...events);
    expect(endingOf(effects)?.problem?.message).toContain("could not be reached for 24 h");
    expect(last.step.at).toBe("over");
  });

  test("is unknown where its files are gone", () => {
    const [away] = after(state, close("lost"), { type: "paused" }, opened);
    const ending = endingOf(after(away, refuse("gone"), close("exited"))[1]);
    expect(ending?.outcome).toBe("unknown");
    expect(ending?.problem?.message).toContain("The files of this run are gone");
  });
});

describe("a run of an earlier daemon", () => {
  test("is replayed before it is looked for", () => {
    const [replaying, first] = after(resumed.begun, { type: "admitted" });
    expect(types(first)).toEqual(["reportStatus", "replay"]);
    const [state, effects] = transition(replaying, { type: "replayed" });
    expect(effects).toEqual([{ type: "openSession", more: false }]);
    expect(state).toMatchObject({ findOnly: true, command: "begun" });
  });

  test("stays open where its record cannot be read", () => {
    const [state, effects] = after(resumed.begun, { type: "admitted" }, { type: "unreadable" });
    expect([state.step.at, effects]).toEqual(["left", []]);
  });

  test("was begun by the host's word, where its daemon did not know", () => {
    const [state, effects] = after(resumed.sent, { type: "admitted" }, { type: "replayed" }, opened, running);
    expect(effects).toEqual([{ type: "running", message: "Reconnected to web1" }]);
    expect(state.command).toBe("begun");
  });

  test("never began where the host refuses it from now on", () => {
    const ending = endingOf(
      after(
        resumed.sent,
        { type: "admitted" },
        { type: "replayed" },
        opened,
        refuse("never"),
        close("exited"),
      )[1],
    );
    expect(ending?.outcome).toBe("failed");
  });
});

describe("the end of the daemon", () => {
  const abandoned: DurableEvent = { type: "abandoned", problem };

  test("ends a run that was not sent", () => {
    for (const events of [[], opening, [...opening, opened]] as const) {
      const [state, effects] = after(fresh, ...events, abandoned);
      expect(effects).toEqual([{ type: "end", ending: { outcome: "failed", problem } }, { type: "abort" }]);
      expect(state.step.at).toBe("over");
    }
  });

  test("leaves every other one open for the next daemon, also one that was to be stopped", () => {
    const states = [
      after(fresh, ...open)[0],
      after(fresh, ...begun, cancel)[0],
      after(fresh, ...begun, close("lost"))[0],
      after(fresh, ...begun, cancel, end(), close("exited"))[0],
      after(resumed.begun, { type: "admitted" })[0],
    ];
    for (const state of states) {
      const [left, effects] = after(state, abandoned);
      expect([left.step.at, effects]).toEqual(["left", [{ type: "abort" }]]);
    }
  });
});

test("a run of another record is not held to its time, and what is not found of it is not known", () => {
  const copied = { ...plan, directory, isOwn: false, timeoutMs: 1000 };
  const found = initialState(copied, { isNew: false, hasBegun: false });
  const resuming = [{ type: "admitted" }, { type: "replayed" }, opened] as const;
  expect(types(after(found, ...resuming, running)[1])).not.toContain("limitTime");
  const own = { ...found, plan: { ...copied, isOwn: true } };
  expect(types(after(own, ...resuming, running)[1])).toContain("limitTime");
  const ending = (state: DurableState) =>
    endingOf(after(state, ...resuming, refuse("gone"), close("exited"))[1]);
  expect(ending(found)).toMatchObject({
    outcome: "unknown",
    problem: { message: containing("copy of another") },
  });
  expect(ending(own)).toMatchObject({ outcome: "failed" });
});

test("nothing comes after the end", () => {
  const events: DurableEvent[] = [
    { type: "admitted" },
    { type: "planSaved" },
    { type: "replayed" },
    { type: "unreadable" },
    { type: "connecting", message: "Connecting" },
    opened,
    sent,
    running,
    close("exited"),
    fail(),
    { type: "paused" },
    cancel,
    groupEnded("alive"),
    { type: "abandoned", problem },
    { type: "elapsed", timer: "stop" },
  ];
  for (const at of ["over", "left"] as const) {
    const state: DurableState = { ...fresh, step: { at } };
    for (const event of events) expect(transition(state, event)).toEqual([state, []]);
  }
});
