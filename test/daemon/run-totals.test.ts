import { expect, test } from "vitest";
import { hostOf, openHostedDaemon } from "../support/hosted-daemon.ts";

test("a run is counted once, whichever way it was carried out", async () => {
  await using daemon = await openHostedDaemon();
  const { client } = daemon;
  // Two over the worker, which has a session of its own, and one over a session.
  for (const worker of ["auto", "auto", "off"] as const) await daemon.run("true", { worker });
  await daemon.run("true", { durable: true });
  await daemon.run("exit 3");
  // The first of these runs, the second takes its result.
  for (let count = 0; count < 2; count += 1) await daemon.run("echo kept", { cacheTtlMs: 60_000 });
  // These three wait for the one command.
  const together = ["a", "b", "c"].map(() => daemon.run("sleep 0.5; echo one", { cacheTtlMs: 60_000 }));
  await Promise.all(together);
  await client.call("createHost", { body: { ...hostOf(daemon.sshd), name: "away", port: 1 } });
  const gone = await client.call("createRun", { body: { host: "away", command: "true" } });
  await expect
    .poll(async () => (await client.call("getRun", { params: { run: gone.id } })).state, { timeout: 20_000 })
    .toBe("ended");
  const job = await client.call("createJob", { body: { targets: ["web1"], command: "true" } });
  await expect
    .poll(async () => (await client.call("getJob", { params: { job: job.id } })).state, { timeout: 20_000 })
    .toBe("ended");
  const { pool, runs } = await client.call("stats");
  expect(runs).toEqual({ queued: 0, connecting: 0, running: 0, ended: 12 });
  // Without the result from the cache, the two that waited, and the one without a connection.
  expect(pool).toMatchObject({ runs: 8, reused: 7 });
  const { items } = await client.call("listConnections");
  expect(items.reduce((sum, connection) => sum + connection.runs, 0)).toBe(8);
  const text = await client.call("metrics");
  expect(text).toContain("\nhostrun_runs_ended_total 12\n");
  expect(text).toContain("\nhostrun_pool_runs_total 8\n");
  expect(text).toContain("\nhostrun_pool_reused_total 7\n");
});
