import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { untilConnected } from "../support/cache-connected.ts";
import { openCounter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { openGate } from "../support/gate.ts";
import { type HostedDaemon, openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import { openRedis } from "../support/redis.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";

await using stack = new AsyncDisposableStack();
const redis = stack.use(await openRedis());
const embedded = stack.use(await openHostedDaemon());
const shared = stack.use(await openHostedDaemon({ environment: { HOSTRUN_REDIS_URL: redis.url } }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const cached = { cacheTtlMs: 60_000 };
const renew = { ...cached, cache: "renew" } as const;

/** Begins a run; resolves when it has printed something. */
async function begin(daemon: HostedDaemon, command: string, options: RunOptions) {
  const reading = new RunReading();
  const messages = readMessages(await daemon.stream(command, options));
  await reading.until(messages, ({ type }) => type === "output");
  return {
    id: () => reading.id,
    end: async (): Promise<string> => {
      await reading.until(messages, ({ type }) => type === "complete");
      return reading.complete.outcome;
    },
  };
}

describe.each([
  ["memory", embedded],
  ["redis", shared],
] as const)("an older result, with the cache in %s,", (backend, daemon) => {
  test.each(["cancelled", "timedOut", "failed"])("is not answered after a newer run that %s", async (how) => {
    if (backend === "redis") await untilConnected(daemon, true);
    await using counter = await openCounter();
    await using directory = await openDirectory();
    // The second one does not end by itself; its session is closed where it is to fail.
    const slow = directory.join("slow");
    const command = `${counter.command}; echo n; if [ -e ${slow} ]; then sleep 60; fi`;
    await daemon.run(command, cached);
    await daemon.run(command, cached);
    expect(await counter.count()).toBe(1);
    await daemon.run(`touch ${slow}`);
    const run = await begin(daemon, command, { ...renew, timeoutMs: how === "timedOut" ? 1000 : 60_000 });
    if (how === "cancelled")
      await daemon.client.call("cancelRun", { params: { run: run.id() }, body: { graceMs: 100 } });
    if (how === "failed")
      for (const { id } of (await daemon.client.call("listConnections")).items)
        await daemon.client.call("closeConnection", { params: { connection: id } });
    expect(["cancelled", "timedOut", "failed", "unknown"]).toContain(await run.end());
    await daemon.run(`rm ${slow}`);
    await daemon.run(command, cached);
    expect(await counter.count()).toBe(3);
  });

  test("is not answered once a newer run has failed, while an older one is still under way", async () => {
    await using directory = await openDirectory();
    await using gate = await openGate();
    const file = directory.join("value");
    const command = `value=$(cat ${file}); echo $value; case $value in old) ${gate.wait};; bad) false;; esac`;
    await daemon.run(`echo old > ${file}`);
    const older = await begin(daemon, command, cached);
    await daemon.run(`echo bad > ${file}`);
    expect((await daemon.run(command, renew)).complete.exitCode).toBe(1);
    await daemon.run(`echo new > ${file}`);
    // It neither waits for the older one, nor does that one's result take the place of its own.
    expect((await daemon.run(command, cached)).text()).toBe("new\n");
    await gate.open();
    expect(await older.end()).toBe("exited");
    expect((await daemon.run(command, cached)).text()).toBe("new\n");
  });

  test("is not answered after a run that did not accept it, and failed", async () => {
    await using directory = await openDirectory();
    const file = directory.join("value");
    const command = `cat ${file}; ! grep -q bad ${file}`;
    await daemon.run(`echo old > ${file}`);
    await daemon.run(command, cached);
    await daemon.run(`echo bad > ${file}`);
    await delay(20);
    expect((await daemon.run(command, { cacheTtlMs: 1 })).complete.exitCode).toBe(1);
    await daemon.run(`echo new > ${file}`);
    expect((await daemon.run(command, cached)).text()).toBe("new\n");
  });
});
