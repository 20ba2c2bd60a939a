import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { silentLog } from "../../../../../daemon/core/log.ts";
import { EventLoopQueue } from "../../../../../daemon/core/event-loop-queue.ts";
import { createEventEncoder } from "../../../../../daemon/http/event-encoding.ts";
import { LiveRun } from "../../../../../daemon/runs/record/live-run.ts";
import { mended } from "../../../../../daemon/runs/record/mended-event.ts";
import type { EventLog } from "../../../../../daemon/runs/record/event-log.ts";
import type { RunStore } from "../../../../../daemon/runs/record/run-store.ts";
import type { StoredEvent } from "../../../../../daemon/runs/record/stored-event.ts";
import { createRunStore } from "../../../../../daemon/store/runs.ts";
import type { OutputStream } from "../../../../../protocol/event.ts";
import { openTestDatabase } from "../../../../support/database.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { cases, casesTimeout } from "../../../../support/fault-counts.ts";
import { RunReading } from "../../../../support/run-stream.ts";
import { queuedRun } from "../../../../support/stored-run.ts";

const streams = ["stdout", "stderr"] as const;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      stream: fc.constantFrom<OutputStream>(...streams),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text)),
        fc.constant(Buffer.from("bash: no job control in this shell\n")),
      ),
    }),
  },
  { weight: 6, arbitrary: fc.constant("turn" as const) },
  { weight: 1, arbitrary: fc.constant("status" as const) },
  { weight: 1, arbitrary: fc.constant("daemon killed" as const) },
);

/** Reads events as a client that knows the wire does, from where it stands. */
function read(reading: RunReading, events: readonly StoredEvent[], encode: Encode): void {
  for (const event of events) {
    const [id = "", data = ""] = encode(event).toString().split("\n");
    reading.take({ id: id.slice(4), data: JSON.parse(data.slice(6)) });
  }
}

type Encode = (event: StoredEvent) => Buffer;

/** Everything in rows, everything in files, and some of each. */
const layouts = [
  { inlineBytes: Number.POSITIVE_INFINITY, segmentBytes: 1 },
  { inlineBytes: 1, segmentBytes: 100 },
  { inlineBytes: 12, segmentBytes: 40 },
];

test(
  "first and last half are kept; every reader, from wherever, knows each byte or that it is gone",
  async () => {
    await using directory = await openDirectory({ memory: true });
    using database = openTestDatabase(directory.join("db"));
    const stores = layouts.map((limits) => createRunStore(database, limits));
    const property = fc.asyncProperty(
      fc.constantFrom(...stores),
      fc.array(step, { maxLength: 60 }),
      fc.nat({ max: 600 }),
      fc.array(fc.nat(70), { maxLength: 3 }),
      async (store, steps, limit, leaveAt) => {
        const start = queuedRun("x", "web1");
        let daemon = mortalDaemon(store);
        let live = new LiveRun(start, { key: undefined }, limit, daemon.parts);
        const encode = createEventEncoder(store.events.epoch, live.run.id, true);
        const sent = { stdout: [Buffer.alloc(0)], stderr: [Buffer.alloc(0)] };
        // What was not recorded yet is had from the host again.
        const underTheNextDaemon = async (): Promise<void> => {
          daemon.kill();
          daemon = mortalDaemon(store);
          live = new LiveRun(live.run, "another daemon", limit, daemon.parts);
          await live.replay(new EventLoopQueue(), new AbortController().signal);
          for (const stream of streams) {
            live.output(stream, Buffer.concat(sent[stream]).subarray(live.receivedBytes(stream)));
          }
        };
        const recorded = (reading: RunReading): StoredEvent[] =>
          store.events
            .read(live.run.id, seqOf(reading), 1e9)
            .map((event) => mended(event, () => live.run, store.events.lastSeq(live.run.id)));
        const along = new RunReading();
        const left = leaveAt.map((at) => ({ at, reading: new RunReading() }));
        for (const [index, what] of [...steps, "end" as const].entries()) {
          if (what === "turn") await nextTurn();
          else if (what === "daemon killed") await underTheNextDaemon();
          else if (what === "status") live.status("running", `step ${index}`);
          else if (what === "end") live.end({ outcome: "exited", exitCode: 0 });
          else {
            sent[what.stream].push(what.bytes);
            live.output(what.stream, what.bytes);
          }
          for (const reading of [along, ...left.filter(({ at }) => index <= at).map((one) => one.reading)]) {
            read(reading, live.transcript.after(seqOf(reading), 1e9) ?? recorded(reading), encode);
          }
        }
        const replayed = new RunReading();
        const whole = { stdout: Buffer.concat(sent.stdout), stderr: Buffer.concat(sent.stderr) };
        for (const reading of [replayed, ...left.map((one) => one.reading)]) {
          read(reading, recorded(reading), encode);
          expectHonest(reading, whole, live.hasEveryByte);
        }
        if (limit >= 64) expect(along.of("gap")).toEqual([]);
        expectHonest(along, whole, live.hasEveryByte);
        expectKept(replayed, whole, limit);
        for (const stream of streams) {
          const output = store.events.output(live.run.id, stream);
          expect(Buffer.concat([...output.read(0, output.size)])).toEqual(replayed.bytes(stream));
          expect(output.end).toBe(whole[stream].length);
        }
        store.delete(live.run.id);
      },
    );
    await fc.assert(property, cases(300));
  },
  casesTimeout,
);

test("under the next daemon, what was dropped last of a stream is not had again, and its end is kept", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const start = queuedRun("x", "web1");
  const { parts } = mortalDaemon(store);
  const first = new LiveRun(start, { key: undefined }, 1000, parts);
  const letters = Buffer.from("abcdefghijklmnopqrstuvwxyz".repeat(200));
  first.output("stdout", letters.subarray(0, 500));
  first.output("stderr", Buffer.from("words\n"));
  for (let at = 500; at < 3000; at += 100) first.output("stdout", letters.subarray(at, at + 100));
  await nextTurn();
  const second = new LiveRun(first.run, "another daemon", 1000, parts);
  await second.replay(new EventLoopQueue(), new AbortController().signal);
  expect([second.receivedBytes("stdout"), second.receivedBytes("stderr")]).toEqual([3000, 6]);
  expect([...store.events.output(first.run.id, "stderr").read(0, 6)]).toEqual([]);
  second.output("stdout", letters.subarray(3000, 3100));
  second.end({ outcome: "exited", exitCode: 0 });
  const recorded = store.events.output(first.run.id, "stdout");
  const kept = Buffer.concat([...recorded.read(0, recorded.size)]);
  expect(kept.length).toBeGreaterThan(900);
  const end = kept.length - 500;
  expect(kept.subarray(500)).toEqual(letters.subarray(3100 - end, 3100));
});

/** What a run needs of a daemon; once that is killed, it writes nothing any more. */
function mortalDaemon(store: RunStore) {
  let dead = false;
  const append: EventLog["append"] = (...written) => {
    if (!dead) store.events.append(...written);
  };
  const mortal = { ...store, events: { ...store.events, append } };
  return {
    parts: { store: mortal, clock: systemClock, log: silentLog, onChange: () => undefined },
    kill: () => {
      dead = true;
    },
  };
}

test("the limit holds also where more was to be dropped than a step drops, and nothing comes after it", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const start = queuedRun("x", "web1");
  const live = new LiveRun(start, { key: undefined }, 1000, mortalDaemon(store).parts);
  // Each is a piece of its own; a step drops 2,000.
  for (let count = 0; count < 3000; count += 1) {
    for (const stream of streams) live.output(stream, Buffer.alloc(100, "x"));
  }
  await nextTurn();
  live.end({ outcome: "exited", exitCode: 0 });
  const size = streams.reduce((sum, stream) => sum + store.events.output(live.run.id, stream).size, 0);
  expect(size).toBeLessThanOrEqual(1000);
  expect(live.run.truncatedBytes).toBe(600_000 - size);
});

function seqOf({ lastId }: RunReading): number {
  return lastId === "" ? 0 : Number(lastId.split(".")[1]);
}

type Whole = Record<OutputStream, Buffer>;

/** Bytes shown are those sent, at their place; every other byte is in a gap; the ending says how many there were. */
function expectHonest(reading: RunReading, whole: Whole, hashed: boolean): void {
  for (const stream of streams) {
    let position = 0;
    for (const event of reading.events) {
      if (event.type === "gap" && event.stream === stream) position = event.to;
      if (event.type !== "output" || event.stream !== stream) continue;
      const bytes = Buffer.from(event.data, event.encoding ?? "utf8");
      expect(event.offset).toBe(position);
      expect(bytes).toEqual(whole[stream].subarray(position, position + bytes.length));
      position += bytes.length;
    }
    expect(position).toBe(whole[stream].length);
    const hash = createHash("sha256").update(whole[stream]).digest("hex");
    expect(reading.complete.sha256[stream]).toBe(hashed ? hash : null);
  }
}

/** The model: all of it where it fits; else at most the limit, both halves full up to the size of a piece. */
function expectKept(replayed: RunReading, whole: Whole, limit: number): void {
  const sum = (of: (stream: OutputStream) => number): number => of("stdout") + of("stderr");
  const total = sum((stream) => whole[stream].length);
  const kept = sum((stream) => replayed.bytes(stream).length);
  expect(replayed.complete.truncatedBytes).toBe(total - kept);
  expect(kept).toBeLessThanOrEqual(limit);
  if (total <= Math.floor(limit / 2)) expect(kept).toBe(total);
  const longestPiece = Math.max(4, limit >> 4);
  // A character that does not fit closes the first half up to three bytes early.
  expect(kept).toBeGreaterThanOrEqual(Math.min(total, limit) - longestPiece - 3);
}
