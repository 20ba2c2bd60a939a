import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { afterAll, expect, test } from "vitest";
import { RunEvent } from "../../protocol/event.ts";
import { until } from "../support/durable.ts";
import { openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import { FrameReading } from "../support/run-frames.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

const megabyte = 1_000_000;
const frames = { accept: "application/vnd.hostrun.frames" };
const recordLimitBytes = 100_000;
/**
 * What the daemon and the connection may hold of a run beside its record, and the pieces of a megabyte that it is counted in; on a busy
 * machine, too, where the connection's window has grown as over a long way.
 */
const aheadMegabytes = 16;
let runs = 0;

/** A command that says so many megabytes that do not repeat, and how far it has come. */
function openSource(megabytes: number, prologue = "") {
  runs += 1;
  const progress = `${daemon.home}/progress-${runs}`;
  const random = "openssl enc -aes-128-ctr -pass pass:x -nosalt 2>/dev/null </dev/zero";
  const megabytesOf = `head -c ${megabyte}; echo $i >> ${progress}; i=$((i+1))`;
  return {
    command: `${prologue} ${random} | { i=1; while [ $i -le ${megabytes} ]; do ${megabytesOf}; done; }`,
    /** How many megabytes the command has got rid of. */
    written: async () => (await readFile(progress, "utf8").catch(() => "")).split("\n").length - 1,
  };
}

/** Waits until a source stands still, which is where the host is held, and returns how far it has come. */
async function stoodStill({ written }: ReturnType<typeof openSource>): Promise<number> {
  let before = -1;
  await until(async () => {
    const seen = await written();
    const still = seen > 0 && seen === before;
    before = seen;
    for (const _ of [1, 2, 3]) await daemon.run("true");
    return still && (await written()) === seen;
  });
  return before;
}

const streamed = (command: string, options: RunOptions): Promise<IncomingMessage> =>
  daemon.http.open("POST", "/api/ssh/stream?follow=all", { json: { host: "web1", command, ...options } });
const framed = (command: string, options: RunOptions = {}): Promise<IncomingMessage> =>
  daemon.http.open("POST", "/api/runs", { headers: frames, json: { host: "web1", command, ...options } });

/** Reads Server-Sent Events to their end: of all bytes of stdout the hash, and what the ending says of it. */
async function readEvents(stream: IncomingMessage) {
  const hash = createHash("sha256");
  let complete: unknown;
  let gaps = 0;
  for await (const { data } of readMessages(stream)) {
    const event = RunEvent.parse(data);
    if (event.type === "output") hash.update(Buffer.from(event.data, event.encoding ?? "utf8"));
    if (event.type === "gap") gaps += 1;
    if (event.type === "complete") complete = event;
  }
  return { sha256: hash.digest("hex"), gaps, complete };
}

const ended = async (id: string) => {
  await until(async () => (await daemon.client.call("getRun", { params: { run: id } })).state === "ended");
  return daemon.client.call("getRun", { params: { run: id } });
};

test.each([{ durable: false }, { durable: true }])(
  "a reader of events who asks for all has every byte whatever the record's limit, and the host waits: %o",
  async (options) => {
    const source = openSource(30);
    const stream = await streamed(source.command, { ...options, recordLimitBytes });
    stream.pause();
    // A durable command does not wait: what it has said lies on the host's disk, and waits there.
    if (options.durable) await until(async () => (await source.written()) === 30);
    else expect(await stoodStill(source)).toBeLessThan(aheadMegabytes);
    const { sha256, gaps, complete } = await readEvents(stream);
    expect(complete).toMatchObject({ outcome: "exited", exitCode: 0, stdoutBytes: 30 * megabyte });
    expect(complete).toMatchObject({ sha256: { stdout: sha256 } });
    expect(gaps).toBe(0);
  },
);

test.each([0, 63, 64, 1000, recordLimitBytes])(
  "a reader of frames from the start has every byte with a record limit of %i",
  async (limit) => {
    const source = openSource(20);
    const stream = await framed(source.command, { recordLimitBytes: limit });
    stream.pause();
    expect(stream.statusCode).toBe(201);
    expect(await stoodStill(source)).toBeLessThan(aheadMegabytes);
    const reading = await new FrameReading().follow(stream);
    expect(reading.complete).toMatchObject({ exitCode: 0, stdoutBytes: 20 * megabyte });
    expect(reading.complete.sha256).toEqual(reading.sha256);
    expect(reading.complete.truncatedBytes).toBeGreaterThanOrEqual(20 * megabyte - limit);
    expect(stream.headers.location).toBe(`/api/runs/${reading.id}`);
    // What is beyond the limit is dropped from the record all the same.
    const late = new FrameReading().follow(
      await daemon.http.open("GET", `/api/runs/${reading.id}/events`, { headers: frames }),
    );
    expect((await late).gaps).not.toEqual([]);
  },
);

test.each(["/api/ssh/stream", "/api/runs?follow=recorded"])(
  "a reader of %s who does not ask for all never holds the host, and is told what it missed",
  async (path) => {
    const source = openSource(30);
    const json = { host: "web1", command: source.command, recordLimitBytes };
    const stream = await daemon.http.open("POST", path, { headers: { accept: "text/event-stream" }, json });
    stream.pause();
    await until(async () => (await source.written()) === 30);
    const { sha256, gaps, complete } = await readEvents(stream);
    expect(complete).toMatchObject({ exitCode: 0, stdoutBytes: 30 * megabyte });
    expect(complete).not.toMatchObject({ sha256: { stdout: sha256 } });
    expect(gaps).toBeGreaterThan(0);
  },
);

test("of several readers the slowest counts; one who joins late holds the host from there, for all that is recorded", async () => {
  const source = openSource(20, "read go;");
  const quick = await framed(source.command, { recordLimitBytes, stdinOpen: true });
  const reading = new FrameReading();
  const read = reading.follow(quick);
  await until(async () => reading.events.length > 2);
  const path = `/api/runs/${reading.id}`;
  const slow = await daemon.http.open("GET", `${path}/events?follow=all`);
  slow.pause();
  await daemon.http.ask("POST", `${path}/stdin`, { json: { data: "\n", end: true } });
  expect(await stoodStill(source)).toBeLessThan(aheadMegabytes);
  const [late, seen] = await Promise.all([
    daemon.http
      .open("GET", `${path}/events`, { headers: frames })
      .then((stream) => new FrameReading().follow(stream)),
    readEvents(slow),
    read,
  ]);
  for (const { complete, sha256 } of [reading, late]) expect(sha256).toEqual(complete.sha256);
  expect(seen).toMatchObject({ gaps: 0, sha256: reading.sha256.stdout });
});

test("a reader who joins in the middle has all from there on, and a reader of the record what is left of it", async () => {
  const source = openSource(20, "echo first; read go;");
  const stream = await daemon.http.open("POST", "/api/runs", {
    headers: { accept: "text/event-stream" },
    json: { host: "web1", command: source.command, recordLimitBytes, stdinOpen: true },
  });
  const reading = new RunReading();
  await reading.until(readMessages(stream), (event) => event.type === "output" && event.data === "first\n");
  const path = `/api/runs/${reading.id}`;
  const middle = await daemon.http.open("GET", `${path}/events?follow=all&after=${reading.lastId}`);
  middle.pause();
  await daemon.http.ask("POST", `${path}/stdin`, { json: { data: "\n", end: true } });
  expect(await stoodStill(source)).toBeLessThan(aheadMegabytes);
  let bytes = 0;
  for await (const { data } of readMessages(middle)) {
    const event = RunEvent.parse(data);
    expect(event.type).not.toBe("gap");
    if (event.type === "output") bytes += Buffer.from(event.data, event.encoding ?? "utf8").length;
  }
  expect(bytes).toBe(20 * megabyte);
  stream.destroy();
});

test("a run that is cancelled, or is out of time, while its host is held ends at once, with every byte", async () => {
  const source = openSource(100);
  const stream = await framed(source.command, { recordLimitBytes });
  const reading = new FrameReading();
  const parsed = Promise.withResolvers<void>();
  const read = reading.follow(stream, () => parsed.promise);
  await until(async () => reading.id !== "");
  await stoodStill(source);
  await daemon.http.ask("POST", `/api/runs/${reading.id}/cancel`, { json: { graceMs: 1000 } });
  const run = await ended(reading.id);
  expect(run).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
  parsed.resolve();
  await read;
  expect(reading.complete.sha256).toEqual(reading.sha256);

  const late = await framed(openSource(100).command, { recordLimitBytes, timeoutMs: 1500 });
  late.pause();
  const [, id = ""] = /runs\/(.+)$/.exec(late.headers.location ?? "") ?? [];
  expect(await ended(id)).toMatchObject({ outcome: "timedOut", stopConfirmed: true });
  const rest = await new FrameReading().follow(late);
  expect(rest.complete.sha256).toEqual(rest.sha256);
});

test("a durable command that ended in time was not out of time, however long its reader takes", async () => {
  const source = openSource(30);
  const timeoutMs = 3000;
  const options = { recordLimitBytes, durable: true, timeoutMs };
  const stream = await framed(`${source.command}; exit 3`, options);
  const reading = new FrameReading();
  const parsed = Promise.withResolvers<void>();
  const read = reading.follow(stream, () => parsed.promise);
  await until(async () => reading.id !== "" && (await source.written()) === 30);
  const events = readMessages(
    await daemon.http.open("GET", `/api/runs/${reading.id}/events?follow=recorded`),
  );
  await new RunReading().until(
    events,
    (event) => event.type === "status" && event.message.startsWith("The command had ended in time"),
  );
  parsed.resolve();
  await read;
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3, stdoutBytes: 30 * megabyte });
  expect([reading.bytes.stdout, reading.gaps]).toEqual([30 * megabyte, []]);
});

test("a durable run that is cancelled while its host is held ends, and what its reader missed is told", async () => {
  const source = openSource(30, "trap 'exit 9' INT;");
  const stream = await framed(`${source.command}; sleep 600`, { recordLimitBytes, durable: true });
  const reading = new FrameReading();
  const parsed = Promise.withResolvers<void>();
  const read = reading.follow(stream, () => parsed.promise);
  await until(async () => reading.id !== "" && (await source.written()) === 30);
  await daemon.http.ask("POST", `/api/runs/${reading.id}/cancel`, { json: { graceMs: 1000 } });
  expect(await ended(reading.id)).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
  parsed.resolve();
  await read;
  expect(reading.complete).toMatchObject({ stdoutBytes: 30 * megabyte });
  expect(reading.bytes.stdout).toBe(30 * megabyte);
});

test("a daemon that is stopped while it holds a host stops", async () => {
  await using other = await openHostedDaemon();
  const source = openSource(1000);
  const json = { host: "web1", command: source.command, recordLimitBytes };
  const stream = await other.http.open("POST", "/api/runs", { headers: frames, json });
  stream.on("error", () => undefined).pause();
  await stoodStill(source);
  expect((await other.kill("SIGTERM")).code).toBe(0);
});

test("a reader that is cut off again and again has every byte, also of a run that has ended meanwhile", async () => {
  const source = openSource(20);
  const reading = new FrameReading();
  let stream = await framed(source.command, { recordLimitBytes });
  let cuts = 0;
  for (;;) {
    const cutAt = 1 + Math.floor(Math.random() * 20);
    let chunks = 0;
    const cut = await reading
      .follow(stream, async () => {
        chunks += 1;
        if (chunks === cutAt) stream.destroy(new Error("cut"));
      })
      .then(
        () => false,
        () => true,
      );
    if (!cut) break;
    cuts += 1;
    const path = `/api/runs/${reading.id}/events?follow=all&${reading.resumeQuery}`;
    stream = await daemon.http.open("GET", path, { headers: frames });
  }
  expect(cuts).toBeGreaterThan(5);
  expect(reading.gaps).toEqual([]);
  expect(reading.complete.sha256).toEqual(reading.sha256);
});

test("a reader that was cut off comes back to a run that has ended, and has every byte", async () => {
  const source = openSource(2);
  const stream = await framed(source.command, { recordLimitBytes });
  const reading = new FrameReading();
  const parsed = Promise.withResolvers<void>();
  const read = reading.follow(stream, () => parsed.promise);
  await until(async () => reading.id !== "");
  expect(await ended(reading.id)).toMatchObject({ exitCode: 0 });
  stream.destroy(new Error("cut"));
  parsed.resolve();
  await read.catch(() => undefined);
  const path = `/api/runs/${reading.id}/events?follow=all&${reading.resumeQuery}`;
  await reading.follow(await daemon.http.open("GET", path, { headers: frames }));
  expect(reading.gaps).toEqual([]);
  expect(reading.complete.sha256).toEqual(reading.sha256);
});

test("offsets that the run does not have are refused, and so are any of Server-Sent Events", async () => {
  const { id } = await daemon.run("echo 12345");
  const events = (query: string, headers = {}) =>
    daemon.http.ask("GET", `/api/runs/${id}/events?${query}`, { headers });
  expect((await events("stdout=7", frames)).problem().code).toBe("stream_position_unknown");
  expect((await events("stderr=1&stdout=0", frames)).problem().code).toBe("stream_position_unknown");
  expect((await events("stdout=1")).problem().issues?.[0]).toMatchObject({ path: "stdout" });
  const whole = new FrameReading();
  await whole.follow(await daemon.http.open("GET", `/api/runs/${id}/events`, { headers: frames }));
  for (const from of [1, 5, 6]) {
    const { bytes } = await events(`stdout=${from}&stderr=0`, frames);
    expect(bytes.includes("12345\n".slice(from))).toBe(true);
    expect(bytes.includes("12345\n".slice(from - 1))).toBe(false);
    expect(bytes.includes('"type":"init"')).toBe(false);
    expect(bytes.includes('"type":"complete"')).toBe(true);
  }
});

test("frames keep shell noise, and leave it out where they are asked to", async () => {
  const command = "echo 'bash: no job control in this shell' >&2; echo real >&2";
  const { id, events } = await daemon.run(command);
  const read = async (query: string): Promise<number> => {
    const path = `/api/runs/${id}/events${query}`;
    const reading = new FrameReading();
    await reading.follow(await daemon.http.open("GET", path, { headers: frames }));
    return reading.bytes.stderr;
  };
  expect(await Promise.all([read(""), read("?raw=1"), read("?raw=0")])).toEqual([40, 40, 5]);
  const seen: unknown[] = [];
  for await (const event of daemon.client.subscribeBytes(id)) {
    if (event.type === "output") seen.push([event.stream, event.bytes.toString(), event.timestamp]);
  }
  const shown = events.findLast((event) => event.type === "output");
  expect(seen).toEqual([["stderr", "real\n", shown?.timestamp]]);
});
