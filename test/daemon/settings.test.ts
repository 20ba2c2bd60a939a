import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultSettings } from "../../protocol/settings.ts";
import { openTestDaemon, spawnDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { openRedis } from "../support/redis.ts";

test("the defaults are the contract's, and their source is told", async () => {
  await using daemon = await openTestDaemon({ environment: { HOSTRUN_DRAIN_TIMEOUT_MS: undefined } });
  const { values, sources } = await daemon.client.call("getSettings");
  expect(values).toEqual(defaultSettings);
  expect(new Set(Object.values(sources))).toEqual(new Set(["default"]));
  expect(Object.keys(sources).sort()).toEqual(Object.keys(defaultSettings).sort());
});

test("a flag goes before the environment, that before config.json, and that before the default", async () => {
  await using directory = await openDirectory();
  const config = { poolIdleMs: 1, keepaliveMs: 1000, historyDays: 1 };
  await writeFile(directory.join("config.json"), JSON.stringify(config));
  await using daemon = await openTestDaemon({
    stateDirectory: directory.path,
    environment: { HOSTRUN_POOL_IDLE_MS: "2", HOSTRUN_KEEPALIVE_MS: "2000" },
    flags: ["--pool-idle-ms", "3", "--log-level=debug"],
  });
  const { values, sources } = await daemon.client.call("getSettings");
  expect(values).toMatchObject({ poolIdleMs: 3, keepaliveMs: 2000, historyDays: 1, logLevel: "debug" });
  expect(sources).toMatchObject({
    poolIdleMs: "flag",
    keepaliveMs: "environment",
    historyDays: "config",
    logLevel: "flag",
    defaultPort: "default",
  });
});

test("a change is written to config.json, holds at once and after a restart, and null takes it back", async () => {
  await using directory = await openDirectory();
  const state = { stateDirectory: directory.join("state") };
  const path = join(state.stateDirectory, "config.json");
  {
    await using daemon = await openTestDaemon(state);
    const report = await daemon.client.call("updateSettings", {
      body: { defaultPort: 2222, historyDays: 3 },
    });
    expect(report.values).toMatchObject({ defaultPort: 2222, historyDays: 3 });
    expect(report.sources).toMatchObject({ defaultPort: "config" });
    const host = await daemon.client.call("createHost", { body: { name: "a", address: "10.0.0.1" } });
    expect(host.port).toBe(2222);
    const back = await daemon.client.call("updateSettings", { body: { historyDays: null } });
    expect(back.values.historyDays).toBe(30);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ defaultPort: 2222 });
  }
  await using daemon = await openTestDaemon(state);
  expect((await daemon.client.call("getSettings")).values.defaultPort).toBe(2222);
});

describe.each([
  ["as its password", (host: string, password: string) => `redis://:${password}@${host}`],
  ["as a parameter", (host: string, password: string) => `redis://${host}?password=${password}`],
])("a password in redisUrl %s", (_what, urlOf) => {
  const password = "a-Redis-password-9137";

  test("is used, shown nowhere, and kept when what is shown is handed back", async () => {
    await using redis = await openRedis({ password });
    await using directory = await openDirectory();
    const stateDirectory = directory.join("state");
    const redisUrl = urlOf(`127.0.0.1:${redis.port}`, password);
    await mkdir(stateDirectory, { mode: 0o700 });
    await writeFile(join(stateDirectory, "config.json"), JSON.stringify({ redisUrl }), { mode: 0o600 });
    await using daemon = await openTestDaemon({
      stateDirectory,
      environment: { HOSTRUN_LOG_LEVEL: "debug" },
    });
    const connected = async () => (await daemon.client.call("stats")).cache;
    await expect.poll(connected).toMatchObject({ backend: "redis", connected: true });
    const { values } = await daemon.client.call("getSettings");
    expect(values.redisUrl).toContain("***");
    const feed = await daemon.http.open("GET", "/api/events");
    const changed = daemon.client.call("updateSettings", {
      body: { redisUrl: values.redisUrl, historyDays: 9 },
    });
    const seen = [JSON.stringify(values), JSON.stringify(await changed)];
    for await (const chunk of feed) {
      seen.push(String(chunk));
      if (String(chunk).includes("settingsChanged")) break;
    }
    const refused = await daemon.http.ask("PATCH", "/api/settings", {
      json: { redisUrl: values.redisUrl?.replace("127.0.0.1", "127.0.0.2") },
    });
    expect(refused.problem().issues).toMatchObject([{ path: "redisUrl" }]);
    seen.push(refused.bytes.toString());
    await daemon.kill("SIGTERM");
    seen.push(await readFile(join(stateDirectory, "daemon.log"), "utf8"));
    expect(seen.join("\n")).not.toContain(password);
    const written: unknown = JSON.parse(await readFile(join(stateDirectory, "config.json"), "utf8"));
    expect(written).toEqual({ redisUrl, historyDays: 9 });
  });

  test("that Redis refuses is in no log", async () => {
    await using redis = await openRedis({ password: "another" });
    const environment = {
      HOSTRUN_REDIS_URL: urlOf(`127.0.0.1:${redis.port}`, password),
      HOSTRUN_LOG_LEVEL: "debug",
    };
    await using daemon = await openTestDaemon({ environment });
    const log = () => readFile(join(daemon.stateDirectory, "daemon.log"), "utf8");
    await expect.poll(log).toContain("Redis does not answer");
    expect(await log()).not.toContain(password);
    const { stderr } = await daemon.kill("SIGTERM");
    expect(stderr).not.toContain(password);
  });
});

test("redisUrl holds from the moment that it is set or taken back", async () => {
  await using redis = await openRedis({ password: "right" });
  await using daemon = await openHostedDaemon();
  const cache = async () => (await daemon.client.call("stats")).cache;
  const check = async () =>
    (await daemon.client.call("doctor")).checks.find(({ name }) => name === "redis")?.message;
  const use = (redisUrl: string | null) => daemon.client.call("updateSettings", { body: { redisUrl } });
  expect(await check()).toBe("Not used; results are cached in the daemon.");
  await use(`redis://:wrong@127.0.0.1:${redis.port}`);
  await expect.poll(cache).toMatchObject({ backend: "redis", connected: false });
  await expect.poll(async () => (await cache()).problem).toContain("WRONGPASS");
  expect(await check()).toMatch(
    /^It cannot be used \(127\.0\.0\.1:\d+ refuses: WRONGPASS .+\)\. Runs still work/,
  );
  await use(`redis://:right@127.0.0.1:${redis.port}`);
  await expect.poll(cache).toMatchObject({ backend: "redis", connected: true, problem: null });
  expect(await check()).toBe("Connected.");
  for (const wasCached of [false, true]) {
    const run = await daemon.run("echo kept", { cacheTtlMs: 60_000 });
    expect([run.text(), run.events[0]]).toMatchObject(["kept\n", { run: { cached: wasCached } }]);
  }
  expect(await cache()).toMatchObject({ hits: 1, misses: 1 });
  await use(null);
  expect(await cache()).toMatchObject({ backend: "memory", connected: true, hits: 0, misses: 0 });
  const run = await daemon.run("echo kept", { cacheTtlMs: 60_000 });
  expect(run.events[0]).toMatchObject({ run: { cached: false } });
});

test.each(["redis://a%zz@localhost", "redis+cluster://:%f@localhost", "redis+cluster://localhost?also=a b"])(
  "%s is refused when it is set, not when the daemon connects",
  async (redisUrl) => {
    await using daemon = await openTestDaemon();
    const refused = await daemon.http.ask("PATCH", "/api/settings", { json: { redisUrl } });
    expect(refused.problem()).toMatchObject({ status: 400, issues: [{ path: "redisUrl" }] });
  },
);

test("commandTimeoutMs and hostKeyPolicy hold for runs that say nothing else", async () => {
  await using daemon = await openHostedDaemon({ flags: ["--command-timeout-ms", "300"] });
  const run = await daemon.run("sleep 100");
  expect(run.complete.outcome).toBe("timedOut");
});

describe("what is no setting keeps the daemon from starting, with its name", () => {
  test.each([
    ["an unknown variable", { environment: { HOSTRUN_POOL_IDEL_MS: "1" } }, /HOSTRUN_POOL_IDEL_MS/],
    ["a bad variable", { environment: { HOSTRUN_POOL_IDLE_MS: "soon" } }, /poolIdleMs.*|environment/],
    ["an unknown flag", { flags: ["--pool-idel-ms", "1"] }, /pool-idel-ms/],
    ["a bad flag", { flags: ["--default-port", "0"] }, /defaultPort/],
    ["a flag without a value", { flags: ["--default-port"] }, /--default-port/],
    ["a word", { flags: ["start"] }, /start/],
    ["a flag of JavaScript's", { flags: ["--__proto__", "1"] }, /__proto__/],
    ["another of JavaScript's", { flags: ["--constructor", "1"] }, /constructor/],
    ["a name of JavaScript's in config.json", { config: '{"__proto__":{"historyDays":1}}' }, /__proto__/],
    ["an unknown name in config.json", { config: '{"poolIdelMs":1}' }, /config\.json.*poolIdelMs/],
    ["a bad value in config.json", { config: '{"logLevel":"loud"}' }, /config\.json.*logLevel/],
    [
      "a name twice in config.json",
      { config: '{"poolIdleMs":1000,"poolIdleMs":2}' },
      /poolIdleMs more than once/,
    ],
    ["a config.json that is no JSON", { config: "{" }, /config\.json.*not JSON/],
    ["a config.json that is a list", { config: "[]" }, /config\.json/],
  ])("%s", async (_what, given, named) => {
    const {
      config,
      ...options
    }: { config?: string; flags?: string[]; environment?: Record<string, string> } = given;
    await using directory = await openDirectory();
    if (config !== undefined) await writeFile(directory.join("config.json"), config);
    await using daemon = spawnDaemon({ ...options, home: directory.path, stateDirectory: directory.path });
    const { code, stderr } = await daemon.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(named);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
