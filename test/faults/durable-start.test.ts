import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createDurablePlans } from "../../daemon/store/durable-runs.ts";
import { createRunStore } from "../../daemon/store/runs.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openTestDatabase } from "../support/database.ts";
import { openDirectory } from "../support/directory.ts";
import { endedRun } from "../support/stored-run.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";
import { plainHopSettings } from "../../daemon/transport/hop-settings.ts";

const runs = 4;
const bytesEach = 64 * 1024 * 1024;

/** Leaves durable runs as a killed daemon does, each with a whole record of random bytes. */
function leaveRuns(path: string, port: number): string[] {
  using database = openTestDatabase(path);
  const store = createRunStore(database);
  const plans = createDurablePlans(database);
  const bytes = randomBytes(64 * 1024);
  const at = new Date().toISOString();
  return Array.from({ length: runs }, () => {
    const run = { ...endedRun("long", "gone", at), state: "running", outcome: null, exitCode: null } as const;
    const open = { ...run, endedAt: null, startedAt: at, createdAt: at, options: { durable: true } };
    store.create(open, [], undefined);
    const { hop, ...limits } = planTo(port);
    plans.save(open.id, {
      target: { ...hop, jump: [] },
      directory: null,
      isOwn: true,
      stop: null,
      ...limits,
    });
    for (let seq = 1; seq <= bytesEach / bytes.length; seq += 16) {
      const events = Array.from({ length: 16 }, (_, index) => {
        const offset = (seq + index - 1) * bytes.length;
        return {
          seq: seq + index,
          at,
          kind: "output",
          stream: "stdout",
          offset,
          noise: false,
          bytes,
        } as const;
      });
      store.events.append(open.id, events);
    }
    return open.id;
  });
}

function planTo(port: number) {
  const where = { name: "gone", address: "127.0.0.1", port, user: "nobody" };
  const hop = {
    ...where,
    identityFiles: [],
    identitiesOnly: false,
    hostKeyPolicy: "strict",
    settings: plainHopSettings,
  } as const;
  return { hop, agentSocket: null, connectTimeoutMs: 1000, timeoutMs: 0, recordLimitBytes: 2 * bytesEach };
}

test("a daemon serves its clients while it takes in again what durable runs have recorded", async () => {
  await using directory = await openDirectory();
  // The host: it is dialled when a run's record is in, and not before.
  let dialledAt: number | undefined;
  await using host = await openTcpPeer((socket) => {
    dialledAt ??= performance.now();
    socket.destroy();
  });
  const ids = leaveRuns(directory.join("hostrun.db"), host.port);

  const startedAt = performance.now();
  await using daemon = await openTestDaemon({ stateDirectory: directory.path });
  const readyMs = performance.now() - startedAt;
  const answersMs: number[] = [];
  const dialled = (): boolean => dialledAt !== undefined;
  while (!dialled()) {
    const askedAt = performance.now();
    await daemon.client.call("health");
    const path = `/api/runs/${ids[answersMs.length % runs]}/output?stream=stdout`;
    const headers = { range: "bytes=0-99" };
    const { status, bytes } = await daemon.http.ask("GET", path, { headers });
    if (dialled()) break;
    expect([status, bytes.length]).toEqual([206, 100]);
    answersMs.push(performance.now() - askedAt);
  }
  const takenMs = (dialledAt ?? 0) - startedAt;
  console.info(
    `ready after ${readyMs.toFixed(0)} ms, records in after ${takenMs.toFixed(0)} ms; meanwhile ` +
      `${answersMs.length} answers, the slowest after ${Math.max(...answersMs).toFixed(0)} ms`,
  );
  // Each was given between two steps.
  expect(answersMs.length).toBeGreaterThan(5);
});
