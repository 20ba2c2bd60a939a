import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { silentLog } from "../../../../../daemon/core/log.ts";
import type { EventLog } from "../../../../../daemon/runs/record/event-log.ts";
import { LiveRun } from "../../../../../daemon/runs/record/live-run.ts";
import { createRunStore } from "../../../../../daemon/store/runs.ts";
import { Problem } from "../../../../../protocol/problem.ts";
import { openTestDatabase } from "../../../../support/database.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { queuedRun } from "../../../../support/stored-run.ts";

/** A run on a store that tells of what it wrote; it takes no output where it is `full`. */
async function open(stack: AsyncDisposableStack, full: boolean) {
  const directory = stack.use(await openDirectory());
  const database = stack.use(openTestDatabase(directory.join("db")));
  const store = createRunStore(database);
  const commits: string[][] = [];
  const kindsOf = (events: Parameters<EventLog["append"]>[1]): string[] =>
    events.map((event) => (event.kind === "control" ? event.fields.type : event.kind));
  const append: EventLog["append"] = (id, events, run) => {
    if (full && events.some(({ kind }) => kind === "output")) throw new Problem("storage_full", "full");
    commits.push(kindsOf(events));
    store.events.append(id, events, run);
  };
  const parts = {
    store: { ...store, events: { ...store.events, append } },
    clock: systemClock,
    log: silentLog,
    onChange: () => undefined,
  };
  const queued = queuedRun("x", "web1");
  const live = new LiveRun(queued, { key: undefined }, 1000 * 1000, parts);
  let woken = 0;
  live.transcript.follow(() => {
    woken += 1;
  });
  const shown = (): string[] => kindsOf(live.transcript.after(1, 1e9) ?? []);
  return { live, store, commits, shown, woken: () => woken };
}

test("the last of a command's output is one commit with its end, and wakes its readers once", async () => {
  await using stack = new AsyncDisposableStack();
  const { live, commits, shown, store, woken } = await open(stack, false);
  live.passes("connecting", "Connecting");
  live.output("stdout", Buffer.from("up\n"));
  live.output("stderr", Buffer.from("at once"));
  live.end({ outcome: "exited", exitCode: 0 });
  expect(commits).toEqual([["status", "output", "output", "complete"]]);
  expect(shown()).toEqual(["status", "output", "output", "complete"]);
  expect(woken()).toBe(1);
  expect(store.get(live.run.id)).toMatchObject({ state: "ended", stdoutBytes: 3, stderrBytes: 7 });
  await turn();
  expect(commits).toHaveLength(1);
});

test("more output than a little is a commit of its own, for which no room is kept on a full disk", async () => {
  await using stack = new AsyncDisposableStack();
  const { live, commits } = await open(stack, false);
  live.output("stdout", Buffer.alloc(4097, "a"));
  live.end({ outcome: "exited", exitCode: 0 });
  expect(commits).toEqual([["output"], ["complete"]]);
});

test("a store without room for the last of the output has the end that says so", async () => {
  await using stack = new AsyncDisposableStack();
  const { live, commits, shown, store } = await open(stack, true);
  live.output("stdout", Buffer.from("up\n"));
  live.end({ outcome: "exited", exitCode: 0 });
  expect(commits).toEqual([["gap", "complete"]]);
  expect(shown()).toEqual(["gap", "complete"]);
  const complete = { outcome: "exited", exitCode: 0, stdoutBytes: 3, truncatedBytes: 3 };
  expect(store.events.read(live.run.id, 1, 1e9)).toMatchObject([
    { seq: 2, kind: "gap", stream: "stdout", from: 0, to: 3 },
    { seq: 3, kind: "control", fields: { type: "complete", ...complete } },
  ]);
  expect(store.get(live.run.id)).toMatchObject({ state: "ended", ...complete });
});
