import { expect, test } from "vitest";
import { createMemoryCache } from "../../../../../daemon/cache/memory.ts";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { silentLog } from "../../../../../daemon/core/log.ts";
import { Prompts } from "../../../../../daemon/prompts/prompts.ts";
import { RunEngine } from "../../../../../daemon/runs/engine.ts";
import { LatencyRecord } from "../../../../../daemon/runs/latency.ts";
import { SudoGates } from "../../../../../daemon/runs/sudo/sudo-gates.ts";
import { createDurablePlans } from "../../../../../daemon/store/durable-runs.ts";
import { createRunStore } from "../../../../../daemon/store/runs.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";
import type { Remote, Target } from "../../../../../daemon/transport/remote.ts";
import { SecretMemory } from "../../../../../daemon/transport/secret-memory.ts";
import { plainSessionSettings } from "../../../../../daemon/transport/session-settings.ts";
import { Problem } from "../../../../../protocol/problem.ts";
import { RunRequest } from "../../../../../protocol/run.ts";
import { defaultSettings } from "../../../../../protocol/settings.ts";
import { openTestDatabase } from "../../../../support/database.ts";
import { openDirectory } from "../../../../support/directory.ts";

const target: Target = {
  name: "web1",
  user: "me",
  address: "192.0.2.1",
  port: 22,
  identityFiles: [],
  identitiesOnly: false,
  settings: plainHopSettings,
  hostKeyPolicy: "ask",
  jump: [],
};

/** A host that lets nobody in, which the engine lets two runs wait for at once; all others wait their turn. */
async function openEngine() {
  const directory = await openDirectory();
  const database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const counts = { asked: 0, commits: 0, ended: 0 };
  const remote: Remote = {
    exec: (_target, _request, _listener, signal) => {
      counts.asked += 1;
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Problem("connection_lost", "Given up")));
      });
    },
    identity: () => Promise.resolve(""),
    prepare: () => undefined,
    probe: () => Promise.reject(new Error("Nobody asks for it")),
  };
  const place = { target, host: { id: 1, name: "web1", address: "192.0.2.1" }, loginShell: false };
  const engine = new RunEngine({
    store: {
      ...store,
      endInOneCommit: (work) => {
        counts.commits += 1;
        store.endInOneCommit(work);
      },
    },
    plans: createDurablePlans(database),
    remote,
    hosts: { resolve: () => Promise.resolve({ ...place, worker: "off", session: plainSessionSettings }) },
    cache: createMemoryCache(),
    prompts: new Prompts({ clock: systemClock, timeoutMs: () => 1000, onChange: () => undefined }),
    sudo: new SudoGates(new SecretMemory()),
    latency: new LatencyRecord(),
    settings: () => ({ ...defaultSettings, poolMaxConnections: 2, channelsPerConnection: 1 }),
    clock: systemClock,
    log: silentLog,
    onChange: ({ state }) => {
      if (state === "ended") counts.ended += 1;
    },
  });
  const request = RunRequest.parse({ host: "web1", command: "true" });
  return {
    store,
    engine,
    counts,
    start: () => engine.start(request, { key: undefined, client: "" }),
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test("a stop ends a thousand runs that wait in a few commits, begins none of them, and lets others have their turn", async () => {
  await using opened = await openEngine();
  const { store, engine, counts, start } = opened;
  for (let run = 0; run < 1000; run += 1) await start();
  expect(counts).toEqual({ asked: 2, commits: 0, ended: 0 });
  let over = false;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  turn();
  await engine[Symbol.asyncDispose]();
  over = true;
  expect(counts).toEqual({ asked: 2, commits: 5, ended: 1000 });
  expect(turns).toBeGreaterThanOrEqual(5);
  expect(store.listOpen()).toEqual([]);
  const { runs } = store.list({ limit: 1000, before: undefined });
  const problems = runs.map(({ outcome, problem }) => `${outcome}: ${problem?.code}`);
  expect(new Set(problems)).toEqual(new Set(["failed: daemon_stopped"]));
  expect(engine.counts()).toEqual({ queued: 0, connecting: 0, running: 0 });
});
