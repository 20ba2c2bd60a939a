import { existsSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { Host } from "../../protocol/host.ts";
import { openChaosProxy } from "../support/chaos-proxy.ts";
import { openDirectory } from "../support/directory.ts";
import { until } from "../support/durable.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";
import { openUnixUser } from "../support/unix-user.ts";

const user = await openUnixUser();
const daemon = await openHostedDaemon();
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});
const asUser: Host = await daemon.client.call("createHost", {
  body: { ...hostOf(daemon.sshd), name: "user1", user: user.name },
});

/** Starts a command and comes back when it has written its first output. */
async function started(command: string, options: Parameters<typeof openStream>[2] = {}) {
  const run = new RunReading();
  const messages = readMessages(await openStream(daemon, command, options));
  await run.until(messages, ({ type }) => type === "output");
  return { run, rest: () => run.until(messages, ({ type }) => type === "complete") };
}

describe("a command that ends by itself", () => {
  test.each([0, 1, 2, 126, 127, 128, 255])("with status %d", async (status) => {
    const run = await daemon.run(`exit ${status}`);
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: status, signal: null });
    const stored = await daemon.client.call("getRun", { params: { run: run.id } });
    expect(stored).toMatchObject({ state: "ended", outcome: "exited", exitCode: status, problem: null });
  });

  test.each(["TERM", "KILL", "INT", "SEGV"])("by SIG%s", async (signal) => {
    const run = await daemon.run(`kill -${signal} $$`, { host: asUser.name });
    expect(run.complete).toMatchObject({ outcome: "signaled", exitCode: null, signal });
  });
});

describe("a command that runs out of time", () => {
  test("is ended on the host", async () => {
    const run = await daemon.run("echo $$; exec sleep 1000", { host: asUser.name, timeoutMs: 300 });
    expect(run.complete.outcome).toBe("timedOut");
    expect(run.problem).toMatchObject({ code: "timed_out", members: { host: asUser.name } });
    expect(existsSync(`/proc/${run.text().trim()}`)).toBe(false);
  });
});

describe("a cancelled run", () => {
  test.each([asUser.name, "web1"])("ends the process on %s", async (host) => {
    const { run, rest } = await started("echo $$; exec sleep 1000", { host });
    const answer = await daemon.http.ask("POST", `/api/runs/${run.id}/cancel`, { json: { graceMs: 300 } });
    expect(answer.status).toBe(202);
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", signal: "INT", stopConfirmed: true });
    expect(existsSync(`/proc/${run.text().trim()}`)).toBe(false);
  });

  test("is killed when the command minds neither INT nor TERM", async () => {
    const command = "trap '' INT TERM; echo $$; while :; do sleep 0.1; done";
    const { run, rest } = await started(command, { host: asUser.name });
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 200 } });
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", signal: "KILL", stopConfirmed: true });
  });

  test.each([
    ["on a connection", {}],
    ["durable", { durable: true }],
    ["with a terminal, and no process that is known", { pty: true, useBash: false }],
  ] as const)("is killed sooner when it is cancelled again with less time (%s)", async (_, options) => {
    const command = "trap '' INT TERM; echo $$; while :; do sleep 0.1; done";
    const { run, rest } = await started(command, { host: asUser.name, ...options });
    const cancel = (graceMs: number) =>
      daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs } });
    await cancel(600_000);
    await cancel(100);
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", signal: "KILL", stopConfirmed: true });
  });

  test("keeps its outcome when it is cancelled twice, and an ended run is left as it is", async () => {
    const { run, rest } = await started("echo; exec sleep 1000", { host: asUser.name });
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
    await rest();
    const ended = await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
    expect(ended).toMatchObject({ state: "ended", outcome: "cancelled" });
    const exited = await daemon.run("true");
    const after = await daemon.client.call("cancelRun", { params: { run: exited.id }, body: {} });
    expect(after).toMatchObject({ outcome: "exited", exitCode: 0 });
  });

  test("that was connecting never gets there", async () => {
    await using silent = await openTcpPeer();
    const { address, port } = silent;
    const host = await daemon.client.call("createHost", { body: { name: `silent-${port}`, address, port } });
    const run = new RunReading();
    const messages = readMessages(await openStream(daemon, "echo no", { host: host.name }));
    await run.until(messages, (event) => event.type === "status" && event.state === "connecting");
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
    await run.until(messages, ({ type }) => type === "complete");
    expect(run.complete).toMatchObject({ outcome: "cancelled", exitCode: null, stdoutBytes: 0 });
    const recorded = await daemon.http.open("GET", `/api/runs/${run.id}/events`);
    expect((await new RunReading().follow(recorded)).events).toEqual(run.events);
  });

  test("ends on its host although the answer to its start is still on the way", async () => {
    await using proxy = await openChaosProxy(daemon.sshd);
    const { address, port } = proxy;
    const { home, sshd } = daemon;
    await knowHosts(home, `${sshd.knownHosts}[${address}]:${port} ${sshd.hostKeys[0]?.publicKey ?? ""}\n`);
    const far = { ...hostOf(sshd), name: "far", port, user: user.name };
    await daemon.client.call("createHost", { body: far });
    proxy.next({ delayMs: 700 });
    // The account's shell is asked for, and the connection is there.
    expect((await daemon.run("echo near", { host: "far" })).text()).toBe("near\n");
    await using directory = await openDirectory();
    await chmod(directory.path, 0o777);
    const file = directory.join("pid");
    const command = `echo $$ > ${file}; exec sleep 1000`;
    const { id } = await daemon.client.call("createRun", { body: { host: "far", command } });
    await until(async () => (await readFile(file, "utf8").catch(() => "")).endsWith("\n"));
    await daemon.client.call("cancelRun", { params: { run: id }, body: { graceMs: 300 } });
    const reading = await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));
    expect(reading.complete).toMatchObject({ outcome: "cancelled", signal: "INT", stopConfirmed: true });
    expect(existsSync(`/proc/${(await readFile(file, "utf8")).trim()}`)).toBe(false);
  });

  test("that was queued never runs, and those behind it do", async () => {
    await using narrow = await openHostedDaemon({
      flags: ["--pool-max-connections", "1", "--channels-per-connection", "1"],
    });
    const run = new RunReading();
    const messages = readMessages(await narrow.stream("echo first; read line", { stdinOpen: true }));
    await run.until(messages, ({ type }) => type === "output");
    const queued = await narrow.client.call("createRun", { body: { host: "web1", command: "echo second" } });
    const third = await narrow.client.call("createRun", { body: { host: "web1", command: "echo third" } });
    expect(queued.state).toBe("queued");
    expect((await narrow.client.call("stats")).runs).toMatchObject({ queued: 2, running: 1 });
    await narrow.client.call("cancelRun", { params: { run: queued.id }, body: {} });
    const stopped = await new RunReading().follow(
      await narrow.http.open("GET", `/api/runs/${queued.id}/events`),
    );
    expect(stopped.complete).toMatchObject({ outcome: "cancelled", stdoutBytes: 0 });
    await narrow.client.call("runStdin", { params: { run: run.id }, body: { end: true } });
    await run.until(messages, ({ type }) => type === "complete");
    const later = await new RunReading().follow(
      await narrow.http.open("GET", `/api/runs/${third.id}/events`),
    );
    expect(later.text()).toBe("third\n");
    expect(stopped.text()).toBe("");
    expect((await narrow.client.call("stats")).runs).toEqual({
      queued: 0,
      connecting: 0,
      running: 0,
      ended: 3,
    });
  });
});

test("a session that is killed on the host ends as unknown, never as 0, and keeps its bytes", async () => {
  const { run, rest } = await started("echo before; sleep 1000");
  await daemon.sshd.dropConnections();
  await rest();
  expect(run.complete).toMatchObject({
    outcome: "unknown",
    exitCode: null,
    signal: null,
    sha256: { stdout: null, stderr: null },
  });
  expect(run.problem.code).toBe("connection_lost");
  expect(run.problem.message).toContain("web1");
  expect(run.text()).toBe("before\n");
  const output = await daemon.http.ask("GET", `/api/runs/${run.id}/output`);
  expect(output.bytes.toString()).toBe("before\n");
  const next = await daemon.run("echo again");
  expect(next.text()).toBe("again\n");
});
