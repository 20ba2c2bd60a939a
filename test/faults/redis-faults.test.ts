import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openRedisCache } from "../../daemon/cache/redis.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { untilConnected } from "../support/cache-connected.ts";
import { times } from "../support/fault-counts.ts";
import { openCounter } from "../support/counter.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { openRedis, type Redis, testSeal } from "../support/redis.ts";
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

test("what has another type under our keys is removed, so that they are used again", async () => {
  await using redis = await openRedis();
  await using daemon = await openHostedDaemon({ flags: ["--redis-url", redis.url] });
  await untilConnected(daemon, true);
  const keys = () => tell(redis, "KEYS hostrun:result:*");
  await daemon.run("echo here", { cacheTtlMs: 60_000 });
  await expect.poll(keys).toMatch(/hostrun:result:/);
  const key = (await keys()).split("\r\n").find((line) => line.startsWith("hostrun:")) ?? "";
  expect(await tell(redis, `DEL ${key}`)).toContain(":1");
  expect(await tell(redis, `RPUSH ${key} one`)).toContain(":1");
  expect((await daemon.run("echo here", { cacheTtlMs: 60_000 })).text()).toBe("here\n");
  await expect.poll(() => tell(redis, `TYPE ${key}`)).toContain("none");
  const { checks } = await daemon.client.call("doctor");
  expect(checks.find(({ name }) => name === "redis")).toMatchObject({ state: "ok" });
  await daemon.run("echo here", { cacheTtlMs: 60_000, cache: "renew" });
  await expect.poll(() => tell(redis, `TYPE ${key}`)).toContain("string");
});

test("a count that has another type is removed, so that the rate is limited again", async () => {
  await using redis = await openRedis();
  await using cache = openRedisCache(redis.url, testSeal(), silentLog);
  await expect.poll(() => cache.metrics().connected).toBe(true);
  expect(await tell(redis, "RPUSH hostrun:rate:client one")).toContain(":1");
  expect(await cache.limiter.take("client", 10)).toMatchObject({ allowed: true, remaining: 9 });
  await expect.poll(() => tell(redis, "TYPE hostrun:rate:client")).toContain("none");
  await cache.limiter.take("client", 10);
  expect(await tell(redis, "TYPE hostrun:rate:client")).toContain("string");
  expect(cache.metrics()).toMatchObject({ problem: null });
});

test("what Redis has under our keys is believed only as what was put there for that key", async () => {
  await using redis = await openRedis();
  await using daemon = await openHostedDaemon({ flags: ["--redis-url", redis.url] });
  await untilConnected(daemon, true);
  const keysOf = async (kind: string): Promise<string[]> =>
    (await tell(redis, `KEYS hostrun:${kind}:*`)).split("\r\n").filter((line) => line.startsWith("hostrun:"));
  const ttl = { cacheTtlMs: 60_000 };
  const first = await daemon.run("echo first", ttl);
  const failed = await daemon.run("echo failed; exit 7");
  await expect.poll(() => keysOf("result")).toHaveLength(1);
  const [own = ""] = await keysOf("result");
  await daemon.run("echo second", ttl);
  await expect.poll(() => keysOf("result")).toHaveLength(2);
  const other = (await keysOf("result")).find((key) => key !== own);
  const [, value = ""] = (await tell(redis, `GET ${own}`)).split("\r\n");
  for (const planted of [first.id, failed.id, value]) {
    expect(await tell(redis, `SET ${other} ${planted}`)).toContain("+OK");
    const run = await daemon.run("echo second", ttl);
    expect([run.text(), run.complete.exitCode]).toEqual(["second\n", 0]);
  }
  const { id } = failed;
  const read = () => daemon.client.call("getRun", { params: { run: id } });
  const forged = JSON.stringify({
    ...(await read()),
    exitCode: 0,
    host: { id: null, name: "h", address: "a" },
  });
  const [epoch = ""] = failed.lastId.split(".");
  expect(await tell(redis, `SET hostrun:process:${epoch}:${id} '${forged}'`)).toContain("+OK");
  expect(await read()).toMatchObject({ id, exitCode: 7 });
});

const full = ["--maxmemory", "1", "--maxmemory-policy", "noeviction"];
const readOnly = ["--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "yes"];

test.each([
  ["full", full, "CONFIG SET maxmemory 0", "OOM"],
  ["a read-only replica", readOnly, "REPLICAOF NO ONE", "READONLY"],
])(
  "Redis that is %s keeps nothing, is told of, and is used when it takes things again",
  async (_what, options, mend, why) => {
    await using redis = await openRedis({ options });
    await using counter = await openCounter();
    await using daemon = await openHostedDaemon({ flags: ["--redis-url", redis.url] });
    const cache = async () => (await daemon.client.call("stats")).cache;
    await expect.poll(async () => (await cache()).connected).toBe(true);
    const command = `${counter.command}; echo kept`;
    for (const wasCached of [false, true, true]) {
      const run = await daemon.run(command, { cacheTtlMs: 60_000 });
      expect([run.text(), run.events[0]]).toMatchObject(["kept\n", { run: { cached: wasCached } }]);
    }
    expect(await counter.count()).toBe(1);
    const refused = await cache();
    expect(refused).toMatchObject({ backend: "redis", connected: true });
    expect(refused.problem).toContain(why);
    const { checks } = await daemon.client.call("doctor");
    const told = checks.find(({ name }) => name === "redis");
    expect(told?.state).toBe("warning");
    expect(told?.message).toContain(`It refuses (${why}`);
    expect(await tell(redis, mend)).toContain("+OK");
    await daemon.run("echo after", { cacheTtlMs: 60_000 });
    await expect.poll(async () => (await cache()).problem).toBeNull();
    expect(await tell(redis, "DBSIZE")).not.toContain(":0");
  },
);

test("Redis that is killed again and again under load harms no run, and is found each time", {
  timeout: 600_000,
}, async () => {
  const kills = times(5, 50);
  await using own = new AsyncDisposableStack();
  let redis = own.use(await openRedis());
  await using daemon = await openHostedDaemon({ flags: ["--redis-url", redis.url] });
  await using counter = await openCounter();
  const connected = async (): Promise<boolean> => (await daemon.client.call("stats")).cache.connected;
  const over = new AbortController();
  let runs = 0;
  const load = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) {
      const number = runs;
      runs += 1;
      const run = await daemon.run(`${counter.command}; echo ${number}`, { cacheTtlMs: 60_000 });
      expect([run.text(), run.complete.exitCode]).toEqual([`${number}\n`, 0]);
    }
  });
  for (let kill = 0; kill < kills; kill += 1) {
    await expect.poll(connected, { timeout: 60_000 }).toBe(true);
    endProcesses([redis.pid]);
    await expect.poll(connected, { timeout: 60_000 }).toBe(false);
    await redis[Symbol.asyncDispose]();
    redis = own.use(await openRedis({ port: redis.port }));
  }
  await expect.poll(connected, { timeout: 60_000 }).toBe(true);
  over.abort();
  await Promise.all(load);
  console.log(`Redis killed ${kills} times during ${runs} runs: none failed`);
  expect(await counter.count()).toBe(runs);
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
});

/** One inline command of the Redis protocol, and its answer. */
async function tell({ port }: Redis, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`${command}\r\n`);
  return text(socket);
}
