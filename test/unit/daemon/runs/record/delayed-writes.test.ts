import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { silentLog } from "../../../../../daemon/core/log.ts";
import type { EventLog } from "../../../../../daemon/runs/record/event-log.ts";
import { LiveRun } from "../../../../../daemon/runs/record/live-run.ts";
import { createRunStore } from "../../../../../daemon/store/runs.ts";
import type { Run } from "../../../../../protocol/run.ts";
import { openTestDatabase } from "../../../../support/database.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { queuedRun } from "../../../../support/stored-run.ts";

/** Runs on a store that counts its commits of events; `takesMany`: those of many runs, too. */
async function open(stack: AsyncDisposableStack, takesMany: boolean) {
  const directory = stack.use(await openDirectory());
  const database = stack.use(openTestDatabase(directory.join("db")));
  const store = createRunStore(database);
  const ids = new Map<string, string>();
  const nameOf = (id: string): string => [...ids].find((entry) => entry[1] === id)?.[0] ?? id;
  const commits: string[][] = [];
  const append: EventLog["append"] = (id, events, run) => {
    commits.push([nameOf(id)]);
    store.events.append(id, events, run);
  };
  const appendAll: EventLog["appendAll"] = (writes) => {
    if (!takesMany) throw new Error("disk I/O error");
    commits.push(writes.map(({ id }) => nameOf(id)));
    store.events.appendAll(writes);
  };
  const changed = Promise.withResolvers<void>();
  const changes: string[] = [];
  const parts = {
    store: { ...store, events: { ...store.events, append, appendAll } },
    clock: systemClock,
    log: silentLog,
    onChange: ({ id, state }: Run) => {
      if (changes.push(`${nameOf(id)} ${state}`) === 4) changed.resolve();
    },
  };
  const begin = (name: string): LiveRun => {
    const queued = queuedRun(name, "web1");
    ids.set(name, queued.id);
    return new LiveRun(queued, { key: undefined }, 1000, parts);
  };
  const recorded = (name: string): { state: string | undefined; lastSeq: number } => {
    const id = ids.get(name) ?? "";
    return { state: store.get(id)?.state, lastSeq: store.events.lastSeq(id) };
  };
  return { recorded, commits, changes, changed: changed.promise, begin };
}

test.for([
  { what: "are one commit of all runs", takesMany: true, commits: [["a", "b"]] },
  { what: "are written by themselves where that fails", takesMany: false, commits: [["a"], ["b"]] },
])("states that nothing follows $what", async ({ takesMany, commits }) => {
  await using stack = new AsyncDisposableStack();
  const opened = await open(stack, takesMany);
  const runs = ["a", "b"].map(opened.begin);
  for (const run of runs) run.passes("connecting", "Connecting");
  expect(opened.commits).toEqual([]);
  expect(runs.map(({ transcript }) => transcript.lastSeq)).toEqual([1, 1]);
  await opened.changed;
  expect(opened.commits).toEqual(commits);
  expect(opened.changes).toEqual(["a queued", "b queued", "a connecting", "b connecting"]);
  expect(runs.map(({ transcript }) => transcript.lastSeq)).toEqual([2, 2]);
  for (const name of ["a", "b"]) expect(opened.recorded(name)).toEqual({ state: "connecting", lastSeq: 2 });
});

test("what comes soon takes a state along, and the other runs' are written without it", async () => {
  await using stack = new AsyncDisposableStack();
  const opened = await open(stack, true);
  const runs = ["a", "b"].map(opened.begin);
  for (const run of runs) run.passes("connecting", "Connecting");
  runs[0]?.end({ outcome: "exited", exitCode: 0 });
  await opened.changed;
  expect(opened.changes).toEqual(["a queued", "b queued", "a connecting", "a ended"]);
  await expect.poll(() => opened.recorded("b").state).toBe("connecting");
  expect(opened.commits).toEqual([["a"], ["b"]]);
});
