import { appendFile, chmod, chown, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { readdirSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseDiscovery, placeTakenStatus } from "../../protocol/discovery.ts";
import { openTestDaemon, spawnDaemon } from "../support/daemon.ts";
import { openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { endProcesses } from "../support/server-process.ts";

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("a daemon that is killed leaves its run as unknown, with every byte that was shown", async () => {
  await using directory = await openDirectory();
  const state = { stateDirectory: directory.join("state"), home: directory.path };
  const run = new RunReading();
  let shown = "";
  {
    await using daemon = await openHostedDaemon(state);
    const messages = readMessages(
      await daemon.stream("i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done"),
    );
    await run.until(messages, (event) => event.type === "output" && event.data.includes("line 20"));
    const ended = await daemon.kill("SIGKILL");
    expect(ended.signal).toBe("SIGKILL");
    shown = run.text();
  }
  await using daemon = await openTestDaemon(state);
  const stored = await daemon.client.call("getRun", { params: { run: run.id } });
  expect(stored).toMatchObject({
    state: "ended",
    outcome: "unknown",
    exitCode: null,
    problem: { code: "daemon_stopped" },
  });
  await run.follow(
    await daemon.http.open("GET", `/api/runs/${run.id}/events`, { headers: { "last-event-id": run.lastId } }),
  );
  expect(run.complete).toMatchObject({ outcome: "unknown", sha256: { stdout: null, stderr: null } });
  // As long as it can have run: until the next daemon found it.
  const tookMs = Date.parse(stored.endedAt ?? "") - Date.parse(stored.createdAt);
  expect([run.complete.durationMs, stored.timings.totalMs]).toEqual([tookMs, tookMs]);
  expect(tookMs).toBeGreaterThan(200);
  expect(run.problem.code).toBe("daemon_stopped");
  expect(run.text().startsWith(shown)).toBe(true);
  const output = await daemon.http.ask("GET", `/api/runs/${run.id}/output`);
  expect(output.bytes.toString()).toBe(run.text());
  expect(run.complete.stdoutBytes).toBe(output.bytes.length);
  const whole = new RunReading();
  await whole.follow(await daemon.http.open("GET", `/api/runs/${run.id}/events`));
  expect(whole.text()).toBe(run.text());
});

test("a failure that nobody caught is logged, and costs no run", async () => {
  await using directory = await openDirectory();
  const planted = directory.join("planted.cjs");
  await writeFile(
    planted,
    `process.on("SIGUSR2", () => {
      setImmediate(() => { throw new Error("planted in a callback"); });
      void Promise.reject(new Error("planted in a promise"));
    });`,
  );
  await using daemon = await openHostedDaemon({ environment: { NODE_OPTIONS: `--require ${planted}` } });
  const run = new RunReading();
  const messages = readMessages(
    await daemon.stream("echo before; read line; echo after", { stdinOpen: true }),
  );
  await run.until(messages, ({ type }) => type === "output");
  process.kill(daemon.pid, "SIGUSR2");
  const log = (): Promise<string> => readFile(join(daemon.stateDirectory, "daemon.log"), "utf8");
  await expect.poll(log).toContain("planted in a promise");
  await expect.poll(log).toContain("planted in a callback");
  await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n", end: true } });
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.text()).toBe("before\nafter\n");
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
});

test("a daemon that is told to stop says so to those who read", async () => {
  await using daemon = await openHostedDaemon();
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("echo before; sleep 100"));
  await run.until(messages, ({ type }) => type === "output");
  const [ended] = await Promise.all([
    daemon.kill("SIGTERM"),
    run.until(messages, ({ type }) => type === "complete"),
  ]);
  expect(run.complete.outcome).toBe("unknown");
  expect(run.problem.code).toBe("daemon_stopped");
  expect(run.text()).toBe("before\n");
  expect(await messages.next()).toMatchObject({ done: true });
  expect(ended).toMatchObject({ code: 0, signal: null });
});

test("POST /api/shutdown stops it; with drain after its runs have ended, and no new one begins", async () => {
  await using daemon = await openHostedDaemon();
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("echo begun; read line; echo done", { stdinOpen: true }));
  await run.until(messages, ({ type }) => type === "output");
  const answer = await daemon.http.ask("POST", "/api/shutdown", { json: { drain: true } });
  expect(answer.status).toBe(202);
  expect(answer.json()).toMatchObject({ status: "draining", pid: daemon.pid });
  expect(await daemon.client.call("health")).toMatchObject({ status: "draining" });
  const refused = await daemon.http.ask("POST", "/api/runs", { json: { host: "web1", command: "true" } });
  expect(refused.problem().code).toBe("daemon_stopped");
  await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n", end: true } });
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect(run.text()).toBe("begun\ndone\n");
  expect(await daemon.ended).toMatchObject({ code: 0, signal: null });
});

test("it ends by itself when nobody needs it for idleExitMs", async () => {
  await using daemon = await openHostedDaemon({ flags: ["--idle-exit-ms", "1200"] });
  const run = await daemon.run("sleep 1.5; echo done");
  expect(run.text()).toBe("done\n");
  expect(await daemon.ended).toMatchObject({ code: 0 });
});

test("of ten that start at once in one state directory exactly one lives", async () => {
  await using directory = await openDirectory();
  const stateDirectory = directory.join("state");
  const home = directory.path;
  await using stack = new AsyncDisposableStack();
  const daemons = Array.from({ length: 10 }, () => stack.use(spawnDaemon({ home, stateDirectory })));
  const ended = new Map<number, { code: number | null; stderr: string }>();
  const nine = Promise.withResolvers<undefined>();
  const watch = async ({ pid, ended: end }: (typeof daemons)[number]): Promise<void> => {
    ended.set(pid, await end);
    if (ended.size >= 9) nine.resolve(undefined);
  };
  for (const daemon of daemons) void watch(daemon);
  // Also when the test runs out of time.
  onTestFinished(() => endProcesses(daemons.map(({ pid }) => pid).filter((pid) => !ended.has(pid))));
  await nine.promise;
  expect(ended.size).toBe(9);
  for (const { code, stderr } of ended.values()) {
    expect(code).toBe(placeTakenStatus);
    expect(stderr).toContain("is already running for this state directory");
  }
  // The others may have given up before it was ready.
  await expect.poll(() => existsSync(join(stateDirectory, "daemon.json"))).toBe(true);
  const alive = daemons.find(({ pid }) => !ended.has(pid));
  const discovery: unknown = JSON.parse(await readFile(join(stateDirectory, "daemon.json"), "utf8"));
  expect(parseDiscovery(discovery)?.pid).toBe(alive?.pid);
  expect(await alive?.kill("SIGTERM")).toMatchObject({ code: 0 });
});

describe("the state directory", () => {
  test("is for its user alone, and cleared on a clean stop", async () => {
    await using directory = await openDirectory();
    const stateDirectory = directory.join("a/b/state");
    await using daemon = await openTestDaemon({ stateDirectory });
    await daemon.client.call("updateSettings", { body: { historyDays: 7 } });
    expect(await modeOf(stateDirectory)).toBe("700");
    for (const name of ["daemon.sock", "daemon.json", "daemon.log", "hostrun.db", "config.json"]) {
      expect(await modeOf(join(stateDirectory, name)), name).toBe("600");
    }
    const text = await readFile(join(stateDirectory, "daemon.json"), "utf8");
    const discovery = parseDiscovery(JSON.parse(text));
    expect(discovery).toMatchObject({ pid: daemon.pid, protocol: 1, socket: daemon.socket, url: null });
    expect(discovery?.token.length).toBeGreaterThanOrEqual(43);
    await daemon.kill("SIGTERM");
    const left = readdirSync(stateDirectory);
    expect(left).not.toContain("daemon.sock");
    expect(left).not.toContain("daemon.json");
    const log = await readFile(join(stateDirectory, "daemon.log"), "utf8");
    expect(log).not.toContain(discovery?.token);
  });

  test("is closed to others when it was open", async () => {
    await using directory = await openDirectory();
    const stateDirectory = directory.join("open");
    await mkdir(stateDirectory);
    await chmod(stateDirectory, 0o755);
    await using daemon = await openTestDaemon({ stateDirectory });
    expect(await modeOf(stateDirectory)).toBe("700");
    expect((await daemon.client.call("health")).status).toBe("ok");
  });

  test("that is a link, a file or another's is refused, and its target left alone", async () => {
    await using directory = await openDirectory();
    const target = directory.join("target");
    await mkdir(target, { mode: 0o755 });
    await chmod(target, 0o755);
    await symlink(target, directory.join("link"));
    await writeFile(directory.join("file"), "");
    await mkdir(directory.join("foreign"), { mode: 0o700 });
    await chown(directory.join("foreign"), 65_534, 65_534);
    for (const name of ["link", "file", "foreign", "file/below"]) {
      await using daemon = spawnDaemon({ home: directory.path, stateDirectory: directory.join(name) });
      const { code, stderr } = await daemon.ended;
      expect(code, name).toBe(1);
      expect(stderr).toContain(directory.join(name));
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    expect(readdirSync(target)).toEqual([]);
    expect(await modeOf(target)).toBe("755");
    expect(readdirSync(directory.join("foreign"))).toEqual([]);
  });

  test("with a file where the socket goes is refused, and the file left alone", async () => {
    await using directory = await openDirectory();
    const path = directory.join("daemon.sock");
    await writeFile(path, "precious");
    await using daemon = spawnDaemon({ home: directory.path, stateDirectory: directory.path });
    const { code, stderr } = await daemon.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(path);
    expect(await readFile(path, "utf8")).toBe("precious");
  });

  test("of a killed daemon serves the next one", async () => {
    await using directory = await openDirectory();
    const state = { stateDirectory: directory.join("state") };
    await using first = await openTestDaemon(state);
    await first.client.call("createHost", { body: { name: "kept", address: "10.0.0.1" } });
    await first.kill("SIGKILL");
    expect(readdirSync(state.stateDirectory)).toContain("daemon.sock");
    // Its daemon.json is there already: the second one is ready when it has put its own in the place.
    await rm(join(state.stateDirectory, "daemon.json"));
    await using second = await openTestDaemon(state);
    const { items } = await second.client.call("listHosts");
    expect(items.map(({ name }) => name)).toEqual(["kept"]);
  });

  test("whose path is too long for a socket has it in a private directory elsewhere, which daemon.json tells", async () => {
    await using directory = await openDirectory();
    const runtime = directory.join("run");
    await mkdir(runtime);
    const state = { stateDirectory: directory.join("x".repeat(100)) };
    const environment = { XDG_RUNTIME_DIR: runtime };
    await using daemon = await openTestDaemon({ ...state, environment });
    const { socket } = daemon.client.discovery;
    expect(socket.startsWith(`${runtime}/hostrun-d`)).toBe(true);
    expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(103);
    expect([await modeOf(dirname(socket)), await modeOf(socket)]).toEqual(["700", "600"]);
    expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
    await daemon.kill("SIGKILL");
    await rm(join(state.stateDirectory, "daemon.json"));
    await using next = await openTestDaemon({ ...state, environment });
    expect(next.client.discovery.socket).toBe(socket);
    await next.kill("SIGTERM");
    expect(readdirSync(runtime)).toEqual([]);
  });

  test("whose path is too long for a socket is started without waiting for a service", async () => {
    await using directory = await openDirectory();
    await using cli = await openCli();
    const env = { HOSTRUN_HOME: directory.join("x".repeat(110)), XDG_RUNTIME_DIR: directory.path };
    const begun = performance.now();
    try {
      expect(await cli.run(["start"], { env })).toHaveProperty("status", 0);
      expect(performance.now() - begun).toBeLessThan(20_000);
    } finally {
      await cli.run(["stop"], { env });
    }
  });

  test("with a damaged line in its known_hosts still works", async () => {
    await using directory = await openDirectory();
    await appendFile(directory.join("known_hosts"), "what is this\n\u0000\n");
    await using daemon = await openTestDaemon({ stateDirectory: directory.path });
    expect((await daemon.client.call("listKnownHosts")).items).toEqual([]);
  });
});
