import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { afterAll, expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

test("a stream cut 50 times at random places is resumed without a byte lost or repeated", async () => {
  await using counter = await openCounter();
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  // Text and bytes that are no text, on both streams, for about as long as the cuts take.
  const command = `${counter.command}; for i in $(seq 150); do head -c 20000 /dev/urandom; echo "line $i é€😀" >&2; sleep 0.01; done`;
  const run = new RunReading();
  let stream = await daemon.stream(command);
  for (let cuts = 0; cuts < 50; cuts += 1) {
    const whole = cutAfter(stream, cuts === 0 ? 5000 : 1 + Math.floor(random() * 60_000));
    for await (const message of readMessages(whole, "cut")) run.take(message);
    const resumed = run.id === "" ? undefined : { "last-event-id": run.lastId };
    if (resumed === undefined) throw new Error(`cut before the run's id was known (seed ${seed})`);
    stream = await daemon.http.open("GET", `/api/runs/${run.id}/events`, { headers: resumed });
  }
  await run.follow(stream);

  const { complete } = run;
  expect(complete, `seed ${seed}`).toMatchObject({ outcome: "exited", exitCode: 0, stdoutBytes: 3_000_000 });
  expect(run.bytes("stdout").length).toBe(complete.stdoutBytes);
  expect(run.bytes("stderr").length).toBe(complete.stderrBytes);
  expect(createHash("sha256").update(run.bytes("stdout")).digest("hex")).toBe(complete.sha256.stdout);
  expect(createHash("sha256").update(run.bytes("stderr")).digest("hex")).toBe(complete.sha256.stderr);
  expect(await counter.count()).toBe(1);
  const { streams } = await daemon.client.call("stats");
  expect(streams.resumed).toBe(50);
});

test("an ended run replays from any of its events, and nothing comes after its last", async () => {
  const run = await daemon.run("echo one; sleep 0.05; echo two >&2; exit 3");
  const last = Number(run.lastId.split(".")[1]);
  const epoch = run.lastId.split(".")[0];
  for (let seq = 0; seq <= last; seq += 1) {
    for (const how of ["header", "query"]) {
      const id = `${epoch}.${seq}`;
      const stream =
        how === "header"
          ? await daemon.http.open("GET", `/api/runs/${run.id}/events`, { headers: { "last-event-id": id } })
          : await daemon.http.open("GET", `/api/runs/${run.id}/events?after=${id}`);
      // By 204 an EventSource, which would reconnect for ever, knows that it has everything.
      expect(stream.statusCode).toBe(seq === last ? 204 : 200);
      const ids: string[] = [];
      for await (const message of readMessages(stream)) ids.push(message.id);
      const wanted = Array.from({ length: last - seq }, (_, index) => `${epoch}.${seq + 1 + index}`);
      expect(ids).toEqual(wanted);
    }
  }
});

test("a reader of frames, too, learns by 204 that nothing comes after the last event", async () => {
  const run = await daemon.run("echo one; exit 3");
  const headers = { accept: "application/vnd.hostrun.frames" };
  const ask = (query: string) => daemon.http.ask("GET", `/api/runs/${run.id}/events?${query}`, { headers });
  const past = await ask(`after=${run.lastId}`);
  expect([past.status, past.bytes.length]).toEqual([204, 0]);
  // All of its output, but not its end.
  const ended = await ask("stdout=4&stderr=0");
  expect(ended.status).toBe(200);
  expect(ended.bytes.toString()).toContain('"exitCode":3');
});

test("a client that resumes after the last event ends at once, without an event", async () => {
  const run = await daemon.run("echo one");
  const events = daemon.client.subscribe(run.id, { after: run.lastId });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test.each([
  ["of another stream", "0badcafe.2"],
  ["from the future", "EPOCH.999"],
  ["of no form", "seven"],
  ["with an endless number", "EPOCH.99999999999999999999"],
])("a Last-Event-ID %s is refused, not guessed at", async (_what, given) => {
  const run = await daemon.run("true");
  const id = given.replace("EPOCH", run.lastId.split(".")[0] ?? "");
  const answer = await daemon.http.ask("GET", `/api/runs/${run.id}/events`, {
    headers: { "last-event-id": id },
  });
  expect(answer.problem()).toMatchObject({ status: 409, code: "stream_position_unknown" });
});

test("two readers of a run that goes on see the same, each from its own place", async () => {
  const stream = await daemon.stream("for i in 1 2 3 4 5; do echo $i; sleep 0.05; done");
  const first = new RunReading();
  const messages = readMessages(stream);
  await first.until(messages, (event) => event.type === "output");
  const second = new RunReading();
  const other = daemon.http
    .open("GET", `/api/runs/${first.id}/events`)
    .then((opened) => second.follow(opened));
  await first.until(messages, (event) => event.type === "complete");
  await other;
  expect(second.events).toEqual(first.events);
  expect(first.text()).toBe("1\n2\n3\n4\n5\n");
});

/** Everything up to a number of bytes; then the connection is gone. */
async function* cutAfter(stream: IncomingMessage, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Buffer)) continue;
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) break;
  }
  stream.destroy();
}

/** Numbers in [0, 1) that a seed gives again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
