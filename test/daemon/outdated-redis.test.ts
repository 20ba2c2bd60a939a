import { describe, expect, test } from "vitest";
import { untilConnected } from "../support/cache-connected.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { hostOf, knowHosts, openStream, type RunOptions } from "../support/hosted-daemon.ts";
import { cli, openRedis, type Redis } from "../support/redis.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const cached = { cacheTtlMs: 60_000 };
const renew = { ...cached, cache: "renew" } as const;

/** A daemon, and a command that prints a value and ends with a status, each of which is set beforehand. */
async function openValues(redis: Redis) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const sshd = stack.use(await openSshd());
  const home = directory.join("home");
  await knowHosts(home, sshd.knownHosts);
  const stateDirectory = directory.join("state");
  const open = async (url: string | null): Promise<TestDaemon> => {
    const daemon = await openTestDaemon({
      home,
      stateDirectory,
      flags: url === null ? [] : ["--redis-url", url],
    });
    if (url !== null) await untilConnected(daemon, true);
    return daemon;
  };
  let daemon = await open(redis.url);
  stack.defer(() => daemon[Symbol.asyncDispose]());
  await daemon.client.call("createHost", { body: hostOf(sshd) });
  const run = async (command: string, options: RunOptions = {}): Promise<RunReading> =>
    new RunReading().follow(await openStream(daemon, command, options));
  const file = directory.join("value");
  const command = `cat ${file}; exit $(cat ${file}.status)`;
  const owned = stack.move();
  return {
    client: () => daemon.client,
    connected: (wanted: boolean) => untilConnected(daemon, wanted),
    set: (value: string, status = 0) => run(`echo ${value} > ${file}; echo ${status} > ${file}.status`),
    read: async (options: RunOptions): Promise<string> => (await run(command, options)).text().trim(),
    /** Begins a run that does not end by itself. */
    async begin(options: RunOptions): Promise<void> {
      await run(`rm ${file}; mkfifo ${file}`);
      const body = { host: "web1", command, ...options };
      const { id } = await daemon.client.call("createRun", { body });
      const state = async () => (await daemon.client.call("getRun", { params: { run: id } })).state;
      await expect.poll(state).toBe("running");
      await run(`rm ${file}`);
    },
    async restart(url: string | null = redis.url): Promise<void> {
      await daemon[Symbol.asyncDispose]();
      daemon = await open(url);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const resultsIn = async ({ port }: Redis): Promise<string[]> =>
  (await cli(port, "KEYS", "hostrun:result:*")).split("\n").filter((line) => line !== "");

const ways = {
  "is read-only": [
    ["REPLICAOF", "127.0.0.1", "1"],
    ["REPLICAOF", "NO", "ONE"],
  ],
  "is full": [
    ["CONFIG", "SET", "maxmemory", "1"],
    ["CONFIG", "SET", "maxmemory", "0"],
  ],
} as const;

describe.each(Object.entries(ways))("Redis that %s answers no older result", (_how, [harm, mend]) => {
  test.each([
    ["renews it", 0, "2"],
    ["fails", 1, "3"],
  ] as const)("after a run that %s", async (_what, status, expected) => {
    await using redis = await openRedis();
    await using values = await openValues(redis);
    await values.set("1");
    expect(await values.read(cached)).toBe("1");
    await expect.poll(() => resultsIn(redis)).toHaveLength(1);
    expect(await cli(redis.port, ...harm)).toBe("OK");
    await values.set("2", status);
    expect(await values.read(renew)).toBe("2");
    await values.set("3");
    expect(await values.read(cached)).toBe(expected);
    expect(await cli(redis.port, ...mend)).toBe("OK");
    expect(await values.read(cached)).toBe(expected);
    // Nor does the next daemon, which has only what Redis has.
    await values.set("4");
    await values.restart();
    expect(await values.read(cached)).toBe("4");
    // From now on Redis is used again.
    await values.set("5");
    await values.restart();
    expect(await values.read(cached)).toBe("4");
  });
});

test("Redis that hangs answers no older result when it is back", async () => {
  await using redis = await openRedis();
  await using values = await openValues(redis);
  await values.set("1");
  expect(await values.read(cached)).toBe("1");
  await expect.poll(() => resultsIn(redis)).toHaveLength(1);
  process.kill(redis.pid, "SIGSTOP");
  await values.set("2", 1);
  expect(await values.read(renew)).toBe("2");
  process.kill(redis.pid, "SIGCONT");
  await values.connected(true);
  await values.set("3");
  expect(await values.read(cached)).toBe("3");
});

test("Redis that is back with what it had earlier answers none of it", async () => {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await openRedis());
  await using values = await openValues(redis);
  await values.set("1");
  expect(await values.read(cached)).toBe("1");
  await expect.poll(() => resultsIn(redis)).toHaveLength(1);
  const [key = ""] = await resultsIn(redis);
  const older = await cli(redis.port, "GET", key);
  await values.set("2", 1);
  expect(await values.read(renew)).toBe("2");
  await redis[Symbol.asyncDispose]();
  await values.connected(false);
  const back = stack.use(await openRedis({ port: redis.port }));
  expect(await cli(back.port, "SET", key, older)).toBe("OK");
  await values.connected(true);
  await values.set("3");
  expect(await values.read(cached)).toBe("3");
});

test("redisUrl that is unset and set again answers nothing older, at once or at the next start", async () => {
  await using redis = await openRedis();
  await using values = await openValues(redis);
  const use = (redisUrl: string | null) => values.client().call("updateSettings", { body: { redisUrl } });
  await values.set("1");
  await values.restart(null);
  await use(redis.url);
  await values.connected(true);
  expect(await values.read(cached)).toBe("1");
  await expect.poll(() => resultsIn(redis)).toHaveLength(1);
  await use(null);
  await values.set("2");
  expect(await values.read(renew)).toBe("2");
  await use(redis.url);
  await values.connected(true);
  await values.set("3");
  expect(await values.read(cached)).toBe("3");
  await use(null);
  await values.restart(null);
  await values.set("4");
  expect(await values.read(renew)).toBe("4");
  await values.set("5");
  await values.restart(redis.url);
  expect(await values.read(cached)).toBe("5");
});

test("a run that renews a result, and is cut off by the daemon's end, outdates it too", async () => {
  await using redis = await openRedis();
  await using values = await openValues(redis);
  await values.set("1");
  expect(await values.read(cached)).toBe("1");
  await expect.poll(() => resultsIn(redis)).toHaveLength(1);
  await values.begin(renew);
  await values.restart();
  await values.set("2");
  expect(await values.read(cached)).toBe("2");
});

test("Redis that refuses writes shows no note that has changed, and no run that was deleted", async () => {
  await using redis = await openRedis();
  await using values = await openValues(redis);
  const [harm, mend] = ways["is read-only"];
  const { id } = await values.set("1");
  const params = { run: id };
  const noteOf = async () => (await values.client().call("getRun", { params })).note;
  const isKept = async () => cli(redis.port, "KEYS", `hostrun:process:*:${id}`);
  expect(await noteOf()).toBeNull();
  await expect.poll(isKept).toContain(id);
  await cli(redis.port, ...harm);
  await values.client().call("updateRun", { params, body: { note: "new" } });
  expect(await noteOf()).toBe("new");
  await cli(redis.port, ...mend);
  expect(await noteOf()).toBe("new");
  await cli(redis.port, ...harm);
  await values.client().call("deleteRun", { params });
  await expect(noteOf()).rejects.toMatchObject({ code: "run_unknown" });
});
