import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createMemoryCache } from "../../../../../daemon/cache/memory.ts";
import { createEventEncoder } from "../../../../../daemon/http/event-encoding.ts";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import type { Feed } from "../../../../../daemon/core/feed.ts";
import { silentLog } from "../../../../../daemon/core/log.ts";
import { EventLoopQueue } from "../../../../../daemon/core/event-loop-queue.ts";
import { Transcript } from "../../../../../daemon/core/transcript.ts";
import { RunHistory } from "../../../../../daemon/runs/history.ts";
import { LiveRun } from "../../../../../daemon/runs/record/live-run.ts";
import type { EventLog } from "../../../../../daemon/runs/record/event-log.ts";
import type { ShownEvent, StoredEvent } from "../../../../../daemon/runs/record/stored-event.ts";
import { createRunStore } from "../../../../../daemon/store/runs.ts";
import type { OutputStream } from "../../../../../protocol/event.ts";
import { openTestDatabase } from "../../../../support/database.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { cases, casesTimeout } from "../../../../support/fault-counts.ts";
import { RunReading } from "../../../../support/run-stream.ts";
import { queuedRun } from "../../../../support/stored-run.ts";

await using starting = new AsyncDisposableStack();
const directory = starting.use(await openDirectory({ memory: true }));
const database = starting.use(openTestDatabase(directory.join("db")));
const store = createRunStore(database);
const cache = createMemoryCache();
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const streams = ["stdout", "stderr"] as const;
const output = fc.record({
  stream: fc.constantFrom<OutputStream>(...streams),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).map((text) => Buffer.from(text)),
    fc.constant(Buffer.from("bash: no job control in this shell\n")),
  ),
});
/** One reader takes a page and, where `cut` says so, loses its connection after so many bytes of it. */
const readers = 3;
const look = fc.record({
  reader: fc.nat({ max: readers - 1 }),
  pageBytes: fc.integer({ min: 1, max: 900 }),
  cut: fc.option(fc.nat({ max: 700 })),
});
const step = fc.oneof(
  { weight: 6, arbitrary: output },
  { weight: 8, arbitrary: look },
  { weight: 4, arbitrary: fc.constant("turn" as const) },
  { weight: 2, arbitrary: fc.constant("status" as const) },
  { weight: 1, arbitrary: fc.constant("killed" as const) },
);

/** A durable run as the daemon has it: with a killed one another begins, and goes on where the record ends. */
class Daemon {
  readonly sent: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly history: RunHistory;
  readonly #limit: number;
  readonly #keepBytes: number;
  #live: LiveRun;
  /** The newest events, much fewer than the daemon keeps, so that readers go to the record and back. */
  #newest: Transcript<ShownEvent>;
  #stop: () => void = () => undefined;
  restarts = 0;

  constructor(limit: number, keepBytes: number) {
    this.#limit = limit;
    this.#keepBytes = keepBytes;
    const run = queuedRun("x", "web1");
    this.#live = this.#open((parts) => new LiveRun(run, { key: undefined }, limit, parts));
    this.#newest = this.#follow(0);
    this.history = new RunHistory({
      store,
      cache,
      onAnnotated: () => undefined,
      onDeleted: () => undefined,
      engine: { live: () => this.#underWay(), followed: () => this.#underWay() },
    });
  }

  get id(): string {
    return this.#live.run.id;
  }

  output(stream: OutputStream, bytes: Buffer): void {
    this.sent[stream] = Buffer.concat([this.sent[stream], bytes]);
    this.#live.output(stream, bytes);
  }

  status(message: string): void {
    this.#live.status("running", message);
  }

  /** What was not recorded is gone with the daemon, and comes from the host once more. */
  async restart(): Promise<void> {
    this.restarts += 1;
    this.#stop();
    const { run } = this.#live;
    this.#live = this.#open((parts) => new LiveRun(run, "another daemon", this.#limit, parts));
    this.#newest = this.#follow(this.#live.transcript.lastSeq);
    await this.#live.replay(new EventLoopQueue(), new AbortController().signal);
    for (const stream of streams) {
      const rest = this.sent[stream].subarray(this.#live.receivedBytes(stream));
      if (rest.length > 0) this.#live.output(stream, rest);
    }
  }

  end(): void {
    this.#live.end({ outcome: "exited", exitCode: 0 });
    this.#stop();
  }

  #underWay() {
    if (this.#live.ended) return undefined;
    const { run, pace } = this.#live;
    return { run, pace, transcript: this.#newest, annotate: () => undefined, forget: () => undefined };
  }

  #open(make: (parts: ConstructorParameters<typeof LiveRun>[3]) => LiveRun): LiveRun {
    let killed = false;
    this.#stop = () => {
      killed = true;
    };
    const append: EventLog["append"] = (...written) => {
      if (!killed) store.events.append(...written);
    };
    const writes = { ...store, events: { ...store.events, append } };
    return make({ store: writes, clock: systemClock, log: silentLog, onChange: () => undefined });
  }

  #follow(seq: number): Transcript<ShownEvent> {
    const { transcript } = this.#live;
    const newest = new Transcript<ShownEvent>(seq, this.#keepBytes);
    const copy = () => newest.append(transcript.after(newest.lastSeq, 1e9) ?? [], transcript.ended);
    copy();
    transcript.follow(copy);
    return newest;
  }
}

/** One who reads, is cut off in the middle of anything and comes back with Last-Event-ID. */
class Reader {
  readonly reading = new RunReading();
  readonly #daemon: Daemon;
  readonly #view: "raw" | "shown";
  #feed: Feed<StoredEvent> | undefined;
  #at = 0;
  restarts = 0;

  constructor(daemon: Daemon, view: "raw" | "shown") {
    this.#daemon = daemon;
    this.#view = view;
  }

  /** Whether there was nothing more, and the stream is over. */
  read(pageBytes: number, cut: number | null): boolean {
    const { history, id, restarts } = this.#daemon;
    // With the daemon its connections are gone.
    if (this.#feed === undefined || this.restarts !== restarts) {
      this.#at = history.position(id, this.reading.lastId);
      this.#feed = history.feed(id, { from: this.#at, all: false });
      this.restarts = restarts;
    }
    const events = this.#feed.after(this.#at, pageBytes);
    this.#at = events.at(-1)?.seq ?? this.#at;
    const over = events.length === 0 && this.#feed.over(this.#at);
    const bytes = Buffer.concat(events.map(createEventEncoder(store.events.epoch, id, this.#view === "raw")));
    const arrived = cut === null ? bytes : bytes.subarray(0, cut);
    for (const message of arrived.toString("latin1").split("\n\n").slice(0, -1)) {
      const [first = "", second = ""] = Buffer.from(message, "latin1").toString().split("\n");
      this.reading.take({ id: first.slice(4), data: JSON.parse(second.slice(6)) });
    }
    if (arrived.length < bytes.length) this.#feed = undefined;
    return over;
  }
}

/** Bytes shown are those sent, at their place, and every other one was announced as filtered or gone. */
function expectHonest({ reading }: Reader, daemon: Daemon): void {
  for (const stream of streams) {
    const whole = daemon.sent[stream];
    let position = 0;
    for (const event of reading.events) {
      if (event.type === "gap" && event.stream === stream) position = event.to;
      if (event.type !== "output" || event.stream !== stream) continue;
      const bytes = Buffer.from(event.data, event.encoding ?? "utf8");
      expect(bytes).toEqual(whole.subarray(position, position + bytes.length));
      position += bytes.length + (event.filteredBytes ?? 0);
    }
    expect(position).toBe(whole.length);
    const hash = createHash("sha256").update(whole).digest("hex");
    // A record that was cut before a daemon's end has no hash after it.
    if (daemon.restarts === 0 || reading.complete.sha256[stream] !== null) {
      expect(reading.complete.sha256[stream]).toBe(hash);
    }
  }
}

/** What never comes to its end is an error, and no test that never ends. */
function readToEnd(reader: Reader): void {
  for (let page = 0; page < 10_000; page += 1) if (reader.read(200, null)) return;
  throw new Error("a stream without end");
}

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function play(what: Step, daemon: Daemon, all: readonly Reader[]): Promise<void> {
  if (what === "turn") await nextTurn();
  else if (what === "status") daemon.status("going on");
  else if (what === "killed") await daemon.restart();
  else if ("stream" in what) daemon.output(what.stream, what.bytes);
  else all[what.reader]?.read(what.pageBytes, what.cut);
}

const long = { timeout: casesTimeout };

test(
  "a reader that is cut anywhere, any number of times, has every event once and in order",
  long,
  async () => {
    let cuts = 0;
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.oneof(fc.constant(1e6), fc.nat({ max: 400 })),
      fc.integer({ min: 1, max: 1500 }),
      async (steps, limit, keepBytes) => {
        const daemon = new Daemon(limit, keepBytes);
        const all = Array.from(
          { length: readers },
          (_, at) => new Reader(daemon, at === 0 ? "shown" : "raw"),
        );
        for (const what of steps) {
          await play(what, daemon, all);
          if (typeof what === "object" && "reader" in what && what.cut !== null) cuts += 1;
        }
        daemon.end();
        for (const reader of all) {
          readToEnd(reader);
          expectHonest(reader, daemon);
        }
        if (limit === 1e6) {
          const recorded = store.events
            .read(daemon.id, 0, 1e9)
            .map(({ seq }) => `${store.events.epoch}.${seq}`);
          for (const { reading } of all) expect(reading.lastId).toBe(recorded.at(-1));
          for (const { reading } of all) expect(reading.events).toHaveLength(recorded.length);
        }
        store.delete(daemon.id);
      },
    );
    const { numRuns } = cases(400);
    await fc.assert(property, { numRuns });
    expect(cuts).toBeGreaterThan(numRuns);
  },
);

test("no other id is an answer to anything: of another epoch, from the future, of no form", long, () => {
  const ids = fc.oneof(
    fc.nat().map((ahead) => (last: number) => `${store.events.epoch}.${last + 1 + ahead}`),
    fc
      .tuple(fc.stringMatching(/^[0-9a-f]{8}$/), fc.nat())
      .filter(([epoch]) => epoch !== store.events.epoch)
      .map(
        ([epoch, seq]) =>
          () =>
            `${epoch}.${seq}`,
      ),
    fc.string({ minLength: 1 }).map((text) => () => `x${text}`),
  );
  const daemon = new Daemon(1000, 1000);
  daemon.status("once");
  fc.assert(
    fc.property(ids, (idOf) => {
      const refused = expect(() => daemon.history.position(daemon.id, idOf(2)));
      refused.toThrow(expect.objectContaining({ code: "stream_position_unknown" }));
    }),
    cases(1000),
  );
  expect(daemon.history.position(daemon.id, `${store.events.epoch}.2`)).toBe(2);
  store.delete(daemon.id);
});
