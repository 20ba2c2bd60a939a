import { expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

test("200 runs share one warm connection, and /api/stats says so", async () => {
  await using daemon = await openHostedDaemon();
  await using counter = await openCounter();
  let maxMs = 0;
  for (let count = 0; count < 200; count += 1) {
    const begun = performance.now();
    const run = await daemon.run(`${counter.command}; echo ${count}`, { worker: "off" });
    maxMs = Math.max(maxMs, performance.now() - begun);
    expect(run.text()).toBe(`${count}\n`);
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  }
  expect(await counter.count()).toBe(200);
  const { pool, latency, runs, streams } = await daemon.client.call("stats");
  expect(pool).toMatchObject({
    opened: 1,
    runs: 200,
    reused: 199,
    connections: 1,
    idle: 1,
    busy: 0,
    failed: 0,
  });
  expect(runs).toEqual({ queued: 0, connecting: 0, running: 0, ended: 200 });
  expect(latency.cold.count).toBe(1);
  expect(latency.warm.count).toBe(199);
  // What the daemon measured is a part of what its client did.
  expect(latency.warm.p50).toBeGreaterThan(0);
  expect(latency.warm.p99).toBeLessThanOrEqual(maxMs);
  expect(streams).toMatchObject({ open: 0, opened: 200, resumed: 0 });
  const connections = await daemon.client.call("listConnections");
  expect(connections.items).toMatchObject([{ state: "idle", runs: 200, port: daemon.sshd.port }]);
});
