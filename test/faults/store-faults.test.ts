import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openCommandBook } from "../support/counted-command.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { type FailingCall, openFailingCall } from "../support/failing-call.ts";
import { createRandom, FaultCounts, isFull, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts, openStream } from "../support/hosted-daemon.ts";
import { RunReading, readMessages, type SseMessage } from "../support/run-stream.ts";
import { bytesMissing, readSeen } from "../support/seen-stream.ts";
import { openSshd } from "../support/sshd.ts";

await using starting = new AsyncDisposableStack();
const random = createRandom();
const book = starting.use(await openCommandBook(random));
const sshd = starting.use(await openSshd());
const started = starting.move();
afterAll(() => started.disposeAsync());

/** Lines, pauses in milliseconds, parts, and how many of them one after the other have such a call for certain. */
const runs = {
  /** Some 80 writes. */
  short: [600, 30, 3, 1],
  /** In small pieces, which lie in rows: the log is taken into the database now and then, and within a commit in every twelfth. */
  filling: [20_000, 5, 40, 20],
  /** In long pieces, which lie in files. */
  long: [120_000, 30, 3, 1],
} as const;

/** Calls on one file that fail one after the other, each in a run of its own. */
interface Series {
  readonly call: FailingCall["call"];
  readonly file: "hostrun.db" | "hostrun.db-wal" | "hostrun.db-output";
  readonly run: keyof typeof runs;
  /** There are no more such calls in a run, or none that differ; by default as many as it has. */
  readonly most?: number;
  /** In the short form these; in the full one every `stride`-th until no run has so many. */
  readonly short: readonly number[];
  readonly stride: number;
}

/**
 * Every write of a run's own, every sync, every truncation. A checkpoint copies some 850 pages or more in one loop, each by a
 * pread64 and a pwrite64, in which the pages do not differ: of those every 48th.
 */
const checkpointCalls = 845;
const series: readonly Series[] = [
  { call: "pwrite64", file: "hostrun.db-wal", run: "short", short: [1, 20, 47], stride: 1 },
  { call: "fsync", file: "hostrun.db-wal", run: "filling", short: [1], stride: 1, most: 2 },
  { call: "fsync", file: "hostrun.db", run: "filling", short: [1], stride: 1, most: 2 },
  { call: "pwrite64", file: "hostrun.db", run: "filling", short: [1], stride: 48, most: checkpointCalls },
  { call: "pread64", file: "hostrun.db-wal", run: "filling", short: [], stride: 48, most: checkpointCalls },
  { call: "ftruncate", file: "hostrun.db", run: "filling", short: [], stride: 1, most: 2 },
  // One of the two: it depends on how many pieces come in one turn.
  { call: "write,writev", file: "hostrun.db-output", run: "long", short: [1, 2], stride: 1 },
  { call: "openat", file: "hostrun.db-output", run: "long", short: [2], stride: 1 },
];
const errors = isFull ? (["EIO", "ENOSPC"] as const) : (["EIO"] as const);

/** Of files of output those of the first runs of a store, of which no test here makes more. */
function filesOf(stateDirectory: string, file: Series["file"]): string[] {
  const path = join(stateDirectory, file);
  if (file !== "hostrun.db-output") return [path];
  return Array.from({ length: 250 }, (_, run) => join(path, String(run + 1), "0"));
}

interface Shown {
  readonly reading: RunReading;
  readonly messages: readonly SseMessage[];
}

/** Runs a command and judges what its reader saw; undefined when it was refused before anything was sent. */
async function runUnder(
  daemon: TestDaemon,
  [lines, pauseMs, parts]: (typeof runs)[keyof typeof runs],
  counts: FaultCounts,
): Promise<Shown | undefined> {
  const command = book.command(lines, pauseMs, parts);
  const stream = await openStream(daemon, command.command);
  counts.runs += 1;
  if (stream.statusCode !== 200) {
    stream.resume();
    if ((await command.executions()) !== 0) counts.wrongOutcomes += 1;
    return undefined;
  }
  const { reading, messages, ended } = await readSeen(stream);
  const whole = reading.text() === command.stdout || reading.of("gap").length > 0;
  if (!ended || !whole || reading.complete.exitCode !== command.exitCode) counts.wrongOutcomes += 1;
  if ((await command.executions()) !== 1) counts.doubleExecutions += 1;
  return { reading, messages };
}

/** Whether the record has what was shown, and the ending that was told. */
async function compareRecord(
  daemon: TestDaemon,
  { reading, messages }: Shown,
  counts: FaultCounts,
): Promise<void> {
  const stream = await daemon.http.open("GET", `/api/runs/${reading.id}/events`);
  counts.bytesLost += bytesMissing(messages, (await readSeen(stream)).messages);
  const stored = await daemon.client.call("getRun", { params: { run: reading.id } });
  const same = stored.state === "ended" && stored.exitCode === reading.complete.exitCode;
  if (!same) counts.wrongOutcomes += 1;
}

/** The first `when` of the series, and each next one for as long as there is such a call. */
function* moments({ short, stride, most = Infinity }: Series, hit: () => boolean): Generator<number> {
  if (!isFull) return yield* short;
  for (let when = 1; when <= most; when += stride) {
    yield when;
    if (!hit()) return;
  }
}

async function openStoreDaemon() {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  await knowHosts(directory.path, sshd.knownHosts);
  const daemon = stack.use(await openTestDaemon({ home: directory.path }));
  await daemon.client.call("createHost", { body: hostOf(sshd) });
  const owned = stack.move();
  return { ...daemon, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const cases = errors.flatMap((error) => series.map((each) => ({ error, ...each })));

test.each(cases.filter(({ short }) => isFull || short.length > 0))(
  "a $call of $file that fails once ($error, $run runs) loses nothing that was shown",
  { timeout: times(60_000, 900_000) },
  async ({ error, ...one }) => {
    const counts = new FaultCounts();
    await using daemon = await openStoreDaemon();
    const files = filesOf(daemon.stateDirectory, one.file);
    let [refused, gaps, hit] = [0, 0, true];
    for (const when of moments(one, () => hit)) {
      const seen: Shown[] = [];
      {
        await using failing = await openFailingCall(daemon.pid, { call: one.call, error, when, files });
        const [, , , most] = runs[one.run];
        for (let run = 0; run < most && failing.hits() === 0; run += 1) {
          const shown = await runUnder(daemon, runs[one.run], counts);
          if (shown === undefined) refused += 1;
          else seen.push(shown);
        }
        hit = failing.hits() > 0;
        if (hit) counts.faults += 1;
      }
      expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
      for (const shown of seen) await compareRecord(daemon, shown, counts);
      gaps += seen.reduce((sum, { reading }) => sum + reading.of("gap").length, 0);
    }
    counts.print(`${one.call} of ${one.file} that fails once with ${error}`, {
      refused,
      "gaps announced": gaps,
    });
    expect(counts.faults).toBeGreaterThan(0);
    expect(counts.broken).toEqual(untouched);
    // The second try of a write has everything.
    expect(gaps).toBe(0);
  },
);

test("a clock that jumps a year changes no time-out and no duration", async () => {
  await using directory = await openDirectory();
  await knowHosts(directory.path, sshd.knownHosts);
  const clock = directory.join("clock");
  await writeFile(clock, "+0\n");
  await using daemon = await openTestDaemon({
    home: directory.path,
    environment: {
      LD_PRELOAD: globSync("/usr/lib/*/faketime/libfaketime.so.1").join(":"),
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  });
  await daemon.client.call("createHost", { body: hostOf(sshd) });
  const begunAt = performance.now();
  const late = openStream(daemon, "sleep 100", { timeoutMs: 2000 });
  const run = new RunReading();
  const messages = readMessages(
    await openStream(daemon, "echo begun; sleep 1; echo over", { timeoutMs: 60_000 }),
  );
  await run.until(messages, ({ type }) => type === "output");
  await writeFile(clock, "+365d\n");
  await run.until(messages, ({ type }) => type === "complete");
  const elapsed = performance.now() - begunAt;
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect(run.complete.durationMs).toBeGreaterThanOrEqual(1000);
  expect(run.complete.durationMs).toBeLessThanOrEqual(elapsed);
  const stopped = await new RunReading().follow(await late);
  expect(stopped.complete.outcome).toBe("timedOut");
  expect(stopped.complete.durationMs).toBeLessThan(30_000);
  // It did jump.
  const year = 364 * 24 * 3600 * 1000;
  const { endedAt } = await daemon.client.call("getRun", { params: { run: run.id } });
  expect(Date.parse(endedAt ?? "") - Date.now()).toBeGreaterThan(year);
  await writeFile(clock, "-365d\n");
  const back = await new RunReading().follow(await openStream(daemon, "echo back", { timeoutMs: 60_000 }));
  expect(back.text()).toBe("back\n");
  expect(back.complete.outcome).toBe("exited");
});
