import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { CountingCache } from "../../daemon/cache/cache.ts";
import { openRedisCache } from "../../daemon/cache/redis.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { openDirectory } from "../support/directory.ts";
import { openRedis } from "../support/redis.ts";
import { freePort, openServerProcess } from "../support/server-process.ts";

const run = promisify(execFile);
const password = "only:here/and there";

async function cli(port: number, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run("redis-cli", ["-p", String(port), ...words]);
  return stdout.trim();
}

const isUp = (cache: CountingCache): Promise<void> =>
  expect.poll(() => cache.metrics().connected, { timeout: 60_000 }).toBe(true);

/** What Redis has, and not the embedded cache behind it. */
async function expectKept(cache: CountingCache, key: string, read: () => Promise<string>): Promise<void> {
  // Redis may be slower than a run waits for it, on a machine that is busy.
  const written = async (): Promise<string> => {
    await cache.set(key, "run", 60_000);
    return read();
  };
  await expect.poll(written, { timeout: 60_000 }).toBe("run");
  expect(await cache.get(key)).toBe("run");
}

test("the master that sentinels know is used, with its password, and the next one after a failover", async () => {
  const secured = ["--masterauth", password];
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
  const command = ["redis-server", directory.join("sentinel.conf"), "--sentinel"] as const;
  await using _ = await openServerProcess([...command, "--dir", directory.path], { ready: /\+monitor/ });
  const url = `redis+sentinel://:${encodeURIComponent(password)}@127.0.0.1:1/main/0?also=127.0.0.1:${port}`;
  await using cache = openRedisCache(url, silentLog);
  await isUp(cache);
  const read = (at: number, key: string) => () =>
    cli(at, "-a", password, "--no-auth-warning", "GET", `hostrun:${key}`);
  await expectKept(cache, "before", read(master.port, "before"));
  await expect.poll(() => cli(port, "INFO", "sentinel"), { timeout: 60_000 }).toContain("slaves=1");
  await expect.poll(() => cli(port, "SENTINEL", "FAILOVER", "main"), { timeout: 60_000 }).toBe("OK");
  const told = () => cli(port, "SENTINEL", "get-master-addr-by-name", "main");
  await expect.poll(told, { timeout: 60_000 }).toContain(String(replica.port));
  await expectKept(cache, "after", read(replica.port, "after"));
});

test("a cluster is used from whichever of its nodes is there", async () => {
  const nodes = await Promise.all(
    [0, 1].map(async () => {
      const directory = await openDirectory();
      const options = ["--cluster-enabled", "yes", "--cluster-config-file", directory.join("nodes.conf")];
      return { directory, redis: await openRedis({ options }) };
    }),
  );
  await using stack = new AsyncDisposableStack();
  for (const { directory, redis } of nodes) {
    stack.use(directory);
    stack.use(redis);
  }
  const [one = 0, two = 0] = nodes.map(({ redis }) => redis.port);
  await cli(one, "CLUSTER", "ADDSLOTSRANGE", "0", "8191");
  await cli(two, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
  await cli(one, "CLUSTER", "MEET", "127.0.0.1", String(two));
  for (const port of [one, two])
    await expect.poll(() => cli(port, "CLUSTER", "INFO"), { timeout: 60_000 }).toContain("cluster_state:ok");
  // The first one that is named is not there.
  await using cache = openRedisCache(`redis+cluster://127.0.0.1:1?also=127.0.0.1:${two}`, silentLog);
  await isUp(cache);
  // Of slots that are the first node's and the second's.
  for (const key of ["a", "b", "c", "d", "e", "f"]) {
    await expectKept(cache, key, async () =>
      (await run("redis-cli", ["-c", "-p", String(one), "GET", `hostrun:${key}`])).stdout.trim(),
    );
  }
  const counts = await Promise.all([one, two].map((port) => cli(port, "DBSIZE")));
  expect(counts.map(Number).every((count) => count > 0)).toBe(true);
  // So are the counts of the rate limit.
  const counted = async (): Promise<string> => {
    await cache.limiter.take("client", 1_000_000);
    return (await run("redis-cli", ["-c", "-p", String(one), "EXISTS", "hostrun:rate:client"])).stdout.trim();
  };
  await expect.poll(counted, { timeout: 60_000 }).toBe("1");
});

test("one that hangs holds a run up for less time than it holds up the rate limit", async () => {
  await using redis = await openRedis();
  await using cache = openRedisCache(redis.url, silentLog);
  await isUp(cache);
  process.kill(redis.pid, "SIGSTOP");
  const order: string[] = [];
  await Promise.all([
    cache.limiter.take("client", 10).then(({ allowed }) => order.push(`limit ${allowed}`)),
    cache.get("key").then((value) => order.push(`run ${value}`)),
  ]);
  expect(order).toEqual(["run undefined", "limit true"]);
});
