import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDaemon as findDaemon } from "../../client/daemon.ts";
import { openDaemon } from "../../daemon/compose.ts";
import { finish, openCli, seen } from "../support/cli.ts";
import type { TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { createHttp, problemOf, readAll } from "../support/http.ts";
import { until } from "../support/durable.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const patient = { environment: { HOSTRUN_DRAIN_TIMEOUT_MS: "600000" } };

async function isDraining({ client }: TestDaemon): Promise<void> {
  await expect.poll(async () => (await client.call("health")).status).toBe("draining");
}

test("SIGTERM lets what runs end, takes nothing new, and does not cut a stream off", async () => {
  await using daemon = await openHostedDaemon(patient);
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("echo begun; read line; echo done", { stdinOpen: true }));
  await run.until(messages, ({ type }) => type === "output");
  const changes = await daemon.http.open("GET", "/api/events");
  const durable = await daemon.http.open("POST", "/api/ssh/stream", {
    json: { host: "web1", command: "echo there; sleep 600", durable: true },
  });
  const job = await daemon.http.open("POST", "/api/jobs", {
    json: { targets: ["web1"], command: "echo there; sleep 600", durable: true },
    headers: { accept: "text/event-stream" },
  });
  for (const stream of [durable, job]) await seen(stream, "there");
  process.kill(daemon.pid, "SIGTERM");
  await isDraining(daemon);
  const refused = daemon.client.call("createRun", { body: { host: "web1", command: "true" } });
  expect((await problemOf(refused)).code).toBe("daemon_stopped");
  await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n", end: true } });
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  for (const stream of [changes, durable, job]) expect(await endOf(stream)).toBe("ended");
  expect(await daemon.ended).toMatchObject({ code: 0, signal: null });
});

/** Whether a body came to its end as HTTP has it, so that a reader knows that nothing was lost on the way. */
async function endOf(stream: IncomingMessage): Promise<"ended" | "cut"> {
  await readAll(stream).catch(() => undefined);
  return stream.complete ? "ended" : "cut";
}

test("signals that are no request to end it are ignored, and none of them opens a debugger", async () => {
  await using daemon = await openHostedDaemon(patient);
  for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const) process.kill(daemon.pid, signal);
  expect((await daemon.run("echo still")).text()).toBe("still\n");
  expect(await tcpListeners(daemon.pid)).toEqual([]);
});

/** The lines of /proc/net/tcp for sockets that a process has. */
async function tcpListeners(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => "")),
  );
  const sockets = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const [, ...rows] = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n");
  const isListening = (row: string): boolean => row.trim().split(/\s+/)[3] === "0A";
  return rows.filter((row) => isListening(row) && sockets.has(row.trim().split(/\s+/)[9]));
}

test("a second signal ends it at once, whatever runs", async () => {
  await using daemon = await openHostedDaemon(patient);
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("echo begun; sleep 600"), "cut");
  await run.until(messages, ({ type }) => type === "output");
  process.kill(daemon.pid, "SIGTERM");
  await isDraining(daemon);
  expect(await daemon.kill("SIGTERM")).toMatchObject({ signal: "SIGTERM" });
  await messages.return(undefined);
});

test("a drain lets a job go on with hosts that have not begun; a stop skips them", async () => {
  await using daemon = await openHostedDaemon(patient);
  await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), name: "web2" } });
  const begin = async (command: string): Promise<string> => {
    const body = { targets: ["web1", "web2"], concurrency: 1, command };
    const { id } = await daemon.client.call("createJob", { body });
    const running = async () => (await daemon.client.call("getJob", { params: { job: id } })).counts.running;
    await expect.poll(running).toBe(1);
    return id;
  };
  const go = join(daemon.home, "go");
  const ended = await begin(`while [ ! -e ${go} ]; do sleep 0.05; done`);
  const endless = await begin("sleep 600");
  const jobs = readMessages(await daemon.http.open("GET", `/api/jobs/${ended}/events`));
  const rest = readMessages(await daemon.http.open("GET", `/api/jobs/${endless}/events`));
  await daemon.client.call("shutdown", { body: { drain: true } });
  await writeFile(go, "");
  expect(await last(jobs)).toMatchObject({ type: "jobComplete", counts: { exited0: 2 } });
  await daemon.client.call("shutdown", { body: {} });
  expect(await last(rest)).toMatchObject({ type: "jobComplete", counts: { unknown: 1, skipped: 1 } });
  expect(await daemon.ended).toMatchObject({ code: 0 });
});

test("a stop that drains says for how many commands it waits, and a job that is left by it says why", async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  const go = join(cli.home, "go");
  const running = cli.start([
    "run",
    "-n",
    "web1",
    "--",
    `echo begun; while [ ! -e ${go} ]; do sleep 0.05; done`,
  ]);
  await seen(running.stdout, "begun");
  const stopping = cli.start(["stop", "--drain"]);
  const stopped = finish(stopping);
  await seen(stopping.stderr, "waits for those under way: 1. Durable ones are not waited for.");
  await writeFile(go, "");
  expect((await stopped).status).toBe(0);
  expect((await finish(running)).status).toBe(0);

  await cli.run(["hosts", "add", "web2", "127.0.0.1"]);
  const job = cli.start(["run", "-n", "--durable", "-f", "1", "web1", "web2", "--", "echo begun; sleep 600"]);
  await seen(job.stdout, "begun");
  await cli.run(["stop"]);
  job.kill();
  await cli.run(["cancel", "last"]);
  const shown = async () => (await cli.run(["jobs", "show", "last"])).stdout.toString();
  await expect
    .poll(shown)
    .toMatch(/Skipped +1 not started: the daemon was stopped before their turn\. `hostrun jobs rerun /);
});

async function last(messages: AsyncIterable<{ readonly data: unknown }>): Promise<unknown> {
  let data: unknown;
  for await (const message of messages) ({ data } = message);
  return data;
}

test("a daemon that has ended leaves no handle, timer or listener behind", async () => {
  await using directory = await openDirectory();
  await using sshd = await openSshd();
  await knowHosts(directory.path, sshd.knownHosts);
  const before = counted(process.getActiveResourcesInfo());
  const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
  let left: readonly string[] = [];
  const stateDirectory = directory.join("state");
  await mkdir(stateDirectory, { mode: 0o700 });
  const daemon = await openDaemon(environmentOf(directory.path, stateDirectory));
  const socket = join(stateDirectory, "daemon.sock");
  using http = createHttp(socket);
  const client = await findDaemon({ stateDirectory });
  await client.call("createHost", { body: hostOf(sshd) });
  await new RunReading().follow(
    await http.open("POST", "/api/ssh/stream", { json: { host: "web1", command: "echo done" } }),
  );
  const streams = [await http.open("GET", "/api/events")];
  for (const durable of [false, true]) {
    const json = { host: "web1", command: "echo there; sleep 600", durable };
    const stream = await http.open("POST", "/api/ssh/stream", { json });
    await seen(stream, "there");
    streams.push(stream);
  }
  await daemon[Symbol.asyncDispose]();
  for (const stream of streams) expect(await endOf(stream)).toBe("ended");
  http[Symbol.dispose]();
  await client[Symbol.asyncDispose]();
  // A poll of vitest's would be a timer of its own.
  await until(async () => {
    const now = Object.entries(counted(process.getActiveResourcesInfo()));
    left = now.filter(([name, count]) => count > (before[name] ?? 0)).map(([name]) => name);
    return left.length === 0;
  }).catch(() => undefined);
  expect(left).toEqual([]);
  expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners);
});

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** As main.ts has it of its process. */
function environmentOf(home: string, stateDirectory: string): Parameters<typeof openDaemon>[0] {
  const root = join(import.meta.dirname, "../..");
  return {
    stateDirectory,
    socket: join(stateDirectory, "daemon.sock"),
    activatedSocket: undefined,
    environment: { PATH: process.env["PATH"], HOME: home },
    flags: {},
    version: "0.0.0",
    pid: process.pid,
    machineClock: () => 0,
    showLog: undefined,
    memory: () => process.memoryUsage(),
    collectGarbage: () => undefined,
    home,
    accountHome: home,
    user: "tester",
    agentSocket: null,
    uid: process.getuid?.(),
    migrations: join(root, "migrations"),
    nativeBinding: undefined,
    reader: { runtime: process.execPath, script: join(root, "daemon/reader.ts") },
    endGroup: (pid) => process.kill(-pid, "SIGKILL"),
    keyOpener: join(root, "daemon/key-opener.ts"),
    storeTask: join(root, "daemon/store-task.ts"),
    differ: join(root, "daemon/differ.ts"),
    checkpointer: join(root, "daemon/checkpointer.ts"),
    onShutdown: () => undefined,
    onFault: () => undefined,
  };
}

test.concurrent("who follows a durable run goes on with the next daemon, also by a job", async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  const go = join(cli.home, "go");
  const command = `echo begun; while [ ! -e ${go} ]; do sleep 0.1; done; echo done; exit 4`;
  const { address, port, user, clientKey } = sshd;
  const key = ["--identity-file", clientKey.path];
  await cli.run(["hosts", "add", "web2", `${user}@${address}:${port}`, ...key]);
  const alone = cli.start(["run", "--durable", "web1", "--", command]);
  const job = cli.start(["run", "--durable", "web1", "web2", "--", command]);
  const ends = [alone, job].map(finish);
  await Promise.all([said(alone, "begun"), said(job, "web1: begun"), said(job, "web2: begun")]);
  expect(await cli.run(["restart"])).toHaveProperty("status", 0);
  await writeFile(go, "");
  const [one, two] = await Promise.all(ends);
  expect([one?.status, one?.stdout.toString()]).toEqual([4, "begun\ndone\n"]);
  expect(two?.stdout.toString().split("\n").toSorted()).toEqual(
    ["", ...["web1", "web2"].flatMap((host) => [`${host}: begun`, `${host}: done`])].toSorted(),
  );
  expect(two?.status).toBe(1);
});

test.concurrent("who follows a durable run does not bring back a daemon that was stopped, and says how to go on", async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  const child = cli.start(["run", "--durable", "web1", "--", "echo begun; sleep 600"]);
  const end = finish(child);
  await said(child, "begun");
  expect(await cli.run(["stop"])).toHaveProperty("status", 0);
  const { status, stderr } = await end;
  expect(status).toBe(255);
  expect(stderr.toString()).toMatch(/hostrun attach [0-9a-f-]{36}/);
  expect(await cli.run(["status"])).toHaveProperty("status", 3);
});

/** Also while somebody else reads what it writes. */
function said({ stdout }: ChildProcessWithoutNullStreams, text: string): Promise<void> {
  let all = "";
  return new Promise((resolve) => {
    stdout.on("data", (chunk: Buffer) => {
      all += chunk.toString();
      if (all.includes(text)) resolve();
    });
  });
}
