import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { openRedis, type Redis } from "../support/redis.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { endProcesses } from "../support/server-process.ts";

const ways: Record<string, (redis: Redis) => void> = {
  killed: ({ pid }) => endProcesses([pid]),
  stopped: ({ pid }) => endProcesses([pid], "SIGSTOP"),
};

test.each(Object.entries(ways))(
  "Redis that is %s in the middle of a run harms no run",
  async (_how, harm) => {
    await using redis = await openRedis();
    await using counter = await openCounter();
    await using daemon = await openHostedDaemon({ flags: ["--redis-url", redis.url] });
    await daemon.run("echo cached", { cacheTtlMs: 60_000 });
    const command = `${counter.command}; echo begun; read line; echo $line; exit 3`;
    const run = new RunReading();
    const messages = readMessages(await daemon.stream(command, { cacheTtlMs: 60_000, stdinOpen: true }));
    await run.until(messages, ({ type }) => type === "output");
    harm(redis);
    await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "over\n", end: true } });
    await run.until(messages, ({ type }) => type === "complete");
    expect(run.text()).toBe("begun\nover\n");
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
    for (let count = 0; count < 5; count += 1) {
      const begun = performance.now();
      const next = await daemon.run(`${counter.command}; echo ${count}`, { cacheTtlMs: 60_000 });
      expect(next.text()).toBe(`${count}\n`);
      // A cache that is gone costs its own time-out, not a person's patience.
      expect(performance.now() - begun).toBeLessThan(20_000);
    }
    expect(await counter.count()).toBe(6);
    expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
  },
);

test.each([
  ["text", "SET KEY not-json"],
  ["another thing", `SET KEY '{"id":7}'`],
  ["a list", "RPUSH KEY one"],
])("what is no run in Redis, but %s, is passed over", async (_what, command) => {
  await using redis = await openRedis();
  await using daemon = await openHostedDaemon({ flags: ["--redis-url", redis.url] });
  const run = await daemon.run("echo here");
  const [epoch = ""] = run.lastId.split(".");
  const told = await tell(redis, command.replace("KEY", `hostrun:process:${epoch}:${run.id}`));
  expect(told).toMatch(/^(\+OK|:1)/);
  const read = await daemon.client.call("getRun", { params: { run: run.id } });
  expect(read).toMatchObject({ id: run.id, outcome: "exited", exitCode: 0 });
});

/** One inline command of the Redis protocol, and its answer. */
async function tell({ port }: Redis, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`${command}\r\n`);
  return text(socket);
}
