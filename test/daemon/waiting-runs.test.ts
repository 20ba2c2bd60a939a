import { afterAll, expect, test } from "vitest";
import type { RunEvent } from "../../protocol/event.ts";
import { openCounter } from "../support/counter.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openGate } from "../support/gate.ts";
import { hostOf, openStream, type RunOptions } from "../support/hosted-daemon.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openTestDaemon());
const sshd = stack.use(await openSshd());
const silent = stack.use(await openTcpPeer());
await daemon.client.call("createHost", { body: { ...hostOf(sshd), name: "unknown-key" } });
await daemon.client.call("createHost", { body: { ...hostOf(sshd), hostKeyPolicy: "acceptNew" } });
await daemon.client.call("createHost", {
  body: { ...hostOf(sshd), name: "silent", address: silent.address, port: silent.port },
});
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const cached = { cacheTtlMs: 60_000 };

/** Begins a run; resolves when its stream has an event for which `wanted` is true. */
async function begin(command: string, options: RunOptions, wanted: (event: RunEvent) => boolean) {
  const reading = new RunReading();
  const messages = readMessages(await openStream(daemon, command, { ...cached, ...options }));
  await reading.until(messages, wanted);
  return {
    reading,
    async end(): Promise<RunReading> {
      await reading.until(messages, ({ type }) => type === "complete");
      return reading;
    },
  };
}

const run = async (command: string, options: RunOptions): Promise<RunReading> =>
  new RunReading().follow(await openStream(daemon, command, { ...cached, ...options }));

const isRunning = (event: RunEvent): boolean => event.type === "status" && event.state === "running";

test("a run that may ask nobody does not wait for one that asks", async () => {
  const host = "unknown-key";
  const asking = await begin("true", { host, prompts: "ask" }, ({ type }) => type === "prompt");
  const failed = await run("true", { host, prompts: "fail" });
  expect(failed.complete.outcome).toBe("failed");
  expect(failed.events.find(({ type }) => type === "error")).toMatchObject({
    problem: { code: "host_key_unknown" },
  });
  await daemon.client.call("cancelRun", { params: { run: asking.reading.id }, body: {} });
  expect((await asking.end()).complete.outcome).toBe("cancelled");
});

test("a run with less time for a connection does not wait for one with more", async () => {
  const host = "silent";
  const isConnecting = (event: RunEvent): boolean => event.type === "status" && event.state === "connecting";
  const patient = await begin("true", { host, connectTimeoutMs: 60_000 }, isConnecting);
  const failed = await run("true", { host, connectTimeoutMs: 300 });
  expect(failed.events.find(({ type }) => type === "error")).toMatchObject({
    problem: { code: "timed_out" },
  });
  await daemon.client.call("cancelRun", { params: { run: patient.reading.id }, body: {} });
  await patient.end();
});

test("a run with less time for its command does not wait for one with more, one with as much does", async () => {
  await using counter = await openCounter();
  await using gate = await openGate();
  const command = `${counter.command}; ${gate.wait}`;
  const first = await begin(command, { timeoutMs: 0 }, isRunning);
  const hasStatus = ({ type }: RunEvent): boolean => type === "status";
  const waiting = await begin(command, { timeoutMs: 0 }, hasStatus);
  expect(waiting.reading.events.at(-1)).toMatchObject({
    state: "queued",
    message: `Waiting for the result of run ${first.reading.id}, which runs the same command`,
  });
  const ended = await run(command, { timeoutMs: 300 });
  expect(ended.complete.outcome).toBe("timedOut");
  expect(await counter.count()).toBe(2);
  await gate.open();
  expect((await first.end()).complete.exitCode).toBe(0);
  expect((await waiting.end()).complete.exitCode).toBe(0);
  expect(await counter.count()).toBe(2);
});

test("of those that wait for a run that is out of time, one with more takes its place and the rest wait for that", async () => {
  await using counter = await openCounter();
  await using gate = await openGate();
  const command = `${counter.command}; ${gate.wait}; echo done`;
  const first = await begin(command, { timeoutMs: 1500 }, isRunning);
  const isWaiting = ({ type }: RunEvent): boolean => type === "status";
  const waiting = await Promise.all([1, 2, 3, 4].map(() => begin(command, { timeoutMs: 60_000 }, isWaiting)));
  const impatient = await begin(command, { timeoutMs: 1500 }, isWaiting);
  expect(await counter.count()).toBe(1);
  expect((await first.end()).complete.outcome).toBe("timedOut");
  expect((await impatient.end()).complete.outcome).toBe("timedOut");
  expect(await counter.count()).toBe(3);
  await gate.open();
  const ended = await Promise.all(waiting.map((each) => each.end()));
  expect(ended.map((each) => each.text())).toEqual(ended.map(() => "done\n"));
  expect(await counter.count()).toBe(3);
});

test("a run that ends with the daemon does not wait for one that does not", async () => {
  await using counter = await openCounter();
  await using gate = await openGate();
  const command = `${counter.command}; ${gate.wait}`;
  const durable = await begin(command, { durable: true }, isRunning);
  const other = await begin(command, {}, isRunning);
  await expect.poll(() => counter.count()).toBe(2);
  await gate.open();
  await Promise.all([durable.end(), other.end()]);
});
