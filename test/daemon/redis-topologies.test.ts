import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { CountingCache } from "../../daemon/cache/cache.ts";
import { openRedisCache } from "../../daemon/cache/redis.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { openDirectory } from "../support/directory.ts";
import { cli, openRedis, testSeal } from "../support/redis.ts";
import { freePort, openServerProcess } from "../support/server-process.ts";

/** A machine that is busy may take its time for each step. */
const patient = { timeout: 180_000 };
const password = "only:here/and there";

const isUp = (cache: CountingCache): Promise<void> =>
  expect.poll(() => cache.metrics().connected, { timeout: 60_000 }).toBe(true);

/** What Redis has, and not the embedded cache behind it. */
async function expectKept(cache: CountingCache, key: string, read: () => Promise<string>): Promise<void> {
  // Redis may be slower than a run waits for it, on a machine that is busy.
  const written = async (): Promise<string> => {
    await cache.set(key, "run", 60_000);
    return read();
  };
  await expect.poll(written, { timeout: 60_000 }).toMatch(/^[\w-]{43}:run$/);
  expect(await cache.get(key)).toBe("run");
}

test(
  "the master that sentinels know is used, with its password, and the next one after a failover",
  patient,
  async () => {
    const secured = ["--masterauth", password, "--repl-diskless-sync-delay", "0"];
    await using master = await openRedis({ password, options: secured });
    const of = ["--replicaof", `127.0.0.1 ${master.port}`];
    await using replica = await openRedis({ password, options: [...secured, ...of] });
    await using directory = await openDirectory();
    const port = await freePort();
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      `sentinel auth-pass main "${password}"`,
      "sentinel down-after-milliseconds main 2000",
      "",
    ];
    await writeFile(directory.join("sentinel.conf"), lines.join("\n"));
    // A sentinel looks at once, and then every ten seconds.
    const replication = () => cli(master.port, "-a", password, "--no-auth-warning", "INFO", "replication");
    await expect.poll(replication, { timeout: 60_000 }).toContain("state=online");
    const command = ["redis-server", directory.join("sentinel.conf"), "--sentinel"] as const;
    await using _ = await openServerProcess([...command, "--dir", directory.path], { ready: /\+monitor/ });
    const url = `redis+sentinel://:${encodeURIComponent(password)}@127.0.0.1:1/main/0?also=127.0.0.1:${port}`;
    await using cache = openRedisCache(url, testSeal(), silentLog);
    await isUp(cache);
    const read = (at: number, key: string) => () =>
      cli(at, "-a", password, "--no-auth-warning", "GET", `hostrun:${key}`);
    await expectKept(cache, "before", read(master.port, "before"));
    await expect.poll(() => cli(port, "INFO", "sentinel"), { timeout: 60_000 }).toContain("slaves=1");
    await expect.poll(() => cli(port, "SENTINEL", "FAILOVER", "main"), { timeout: 60_000 }).toBe("OK");
    const told = () => cli(port, "SENTINEL", "get-master-addr-by-name", "main");
    await expect.poll(told, { timeout: 60_000 }).toContain(String(replica.port));
    await expectKept(cache, "after", read(replica.port, "after"));
  },
);

test("a cluster is used from whichever of its nodes is there", patient, async () => {
  // By default it is 10,000 higher than the other, where there may be no port any more.
  const bus = ["--cluster-port", String(await freePort())];
  const cluster = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
  await using node = await openRedis({ options: [...cluster, ...bus] });
  const { port } = node;
  await cli(port, "CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  await expect.poll(() => cli(port, "CLUSTER", "INFO"), { timeout: 60_000 }).toContain("cluster_state:ok");
  // The first one that is named is not there.
  await using cache = openRedisCache(
    `redis+cluster://127.0.0.1:1?also=127.0.0.1:${port}`,
    testSeal(),
    silentLog,
  );
  await isUp(cache);
  await expectKept(cache, "key", () => cli(port, "GET", "hostrun:key"));
  // So are the counts of the rate limit.
  const counted = async (): Promise<string> => {
    await cache.limiter.take("client", 1_000_000);
    return cli(port, "EXISTS", "hostrun:rate:client");
  };
  await expect.poll(counted, { timeout: 60_000 }).toBe("1");
});

test("one that hangs holds a run up for 40 ms at most, also where its rate is limited", async () => {
  await using redis = await openRedis();
  await using cache = openRedisCache(redis.url, testSeal(), silentLog);
  await isUp(cache);
  process.kill(redis.pid, "SIGSTOP");
  const first = await timed(() => cache.limiter.take("client", 10));
  expect(first.value).toMatchObject({ allowed: true, remaining: 9 });
  // Redis would otherwise be given up by its client, after 200 ms.
  expect(first.ms).toBeLessThan(150);
  // It is then left alone for a second, and the daemon counts: eleven times 40 ms would take longer.
  const next = await timed(async () => {
    for (let count = 0; count < 9; count += 1) await cache.limiter.take("client", 10);
    return [await cache.limiter.take("client", 10), await cache.get("key")] as const;
  });
  expect(next.value).toMatchObject([{ allowed: false, remaining: 0 }, undefined]);
  expect(next.ms).toBeLessThan(200);
});

test("one that hangs is told of until it answers, and found again without a run", async () => {
  await using redis = await openRedis();
  await using cache = openRedisCache(redis.url, testSeal(), silentLog);
  await isUp(cache);
  process.kill(redis.pid, "SIGSTOP");
  await cache.check();
  const isAway = { connected: false, problem: "No answer within 40 ms" };
  expect(cache.metrics()).toMatchObject(isAway);
  // Past the second for which it is left alone.
  await delay(1500);
  expect(cache.metrics()).toMatchObject(isAway);
  process.kill(redis.pid, "SIGCONT");
  const state = () => cache.metrics();
  await expect.poll(state, { timeout: 10_000 }).toMatchObject({ connected: true, problem: null });
});

async function timed<T>(action: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begun = performance.now();
  const value = await action();
  return { value, ms: performance.now() - begun };
}
