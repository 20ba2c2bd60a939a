import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { openCommandBook } from "../support/counted-command.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { createRandom, FaultFigures, isFull, untouched } from "../support/fault-figures.ts";
import { hostOf, knowHosts, openStream } from "../support/hosted-daemon.ts";
import { RunReading, type SseMessage } from "../support/run-stream.ts";
import { bytesMissing, readSeen } from "../support/seen-stream.ts";
import { openSshd } from "../support/sshd.ts";

await using stack = new AsyncDisposableStack();
const random = createRandom();
const book = stack.use(await openCommandBook(random));
const sshd = stack.use(await openSshd());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

interface Injection {
  readonly call: "fsync" | "pwrite64";
  readonly error: "EIO" | "ENOSPC";
  /** The first such call after it begins, the second, and so on. */
  readonly when: number;
}

/** Makes one system call of a process fail, and no more; disposing lets go of the process. */
async function openInjection(pid: number, { call, error, when }: Injection) {
  const inject = `inject=${call}:error=${error}:when=${when}`;
  const tracer = spawn("strace", ["-f", "-p", String(pid), "-e", `trace=${call}`, "-e", inject], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const attached = Promise.withResolvers<undefined>();
  tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("attached")) attached.resolve(undefined);
  });
  await attached.promise;
  return {
    hits: () => said.match(/\(INJECTED\)/g)?.length ?? 0,
    async [Symbol.asyncDispose]() {
      tracer.kill("SIGINT");
      if (tracer.exitCode === null && tracer.signalCode === null) await once(tracer, "close");
    },
  };
}

/** A commit is some ten writes; the log is synced when it is taken into the database, every 4 MB or so. */
const writes = isFull ? Array.from({ length: 40 }, (_, index) => 1 + 3 * index) : [1, 20, 33, 47, 60];
const syncs = isFull ? [1, 2, 3, 4] : [1, 2];
const errors = isFull ? (["EIO", "ENOSPC"] as const) : (["EIO"] as const);
const injections = errors.flatMap((error): Injection[] => [
  ...writes.map((when) => ({ call: "pwrite64" as const, error, when })),
  ...syncs.map((when) => ({ call: "fsync" as const, error, when })),
]);

interface Shown {
  readonly reading: RunReading;
  readonly messages: readonly SseMessage[];
}

/** Runs a command and judges what its reader saw; undefined when it was refused before anything was sent. */
async function runUnder(
  daemon: TestDaemon,
  lines: number,
  figures: FaultFigures,
): Promise<Shown | undefined> {
  const command = book.command(lines, 30);
  const stream = await openStream(daemon, command.command);
  figures.runs += 1;
  if (stream.statusCode !== 200) {
    stream.resume();
    if ((await command.executions()) !== 0) figures.wrongOutcomes += 1;
    return undefined;
  }
  const { reading, messages, ended } = await readSeen(stream);
  const whole = reading.text() === command.stdout || reading.of("gap").length > 0;
  if (!ended || !whole || reading.complete.exitCode !== command.exitCode) figures.wrongOutcomes += 1;
  if ((await command.executions()) !== 1) figures.doubleExecutions += 1;
  return { reading, messages };
}

/** Whether the record has what was shown, and the ending that was told. */
async function compareRecord(
  daemon: TestDaemon,
  { reading, messages }: Shown,
  figures: FaultFigures,
): Promise<void> {
  const stream = await daemon.http.open("GET", `/api/runs/${reading.id}/events`);
  figures.bytesLost += bytesMissing(messages, (await readSeen(stream)).messages);
  const stored = await daemon.client.call("getRun", { params: { run: reading.id } });
  const same = stored.state === "ended" && stored.exitCode === reading.complete.exitCode;
  if (!same) figures.wrongOutcomes += 1;
}

test("a write of the store that fails loses nothing that was shown", { timeout: 400_000 }, async () => {
  const figures = new FaultFigures();
  let refused = 0;
  let gaps = 0;
  for (const injection of injections) {
    await using directory = await openDirectory();
    await knowHosts(directory.path, sshd.knownHosts);
    await using daemon = await openTestDaemon({ home: directory.path });
    await daemon.client.call("createHost", { body: hostOf(sshd) });
    const seen: Shown[] = [];
    {
      await using injected = await openInjection(daemon.pid, injection);
      for (let count = 0; count < 4; count += 1) {
        const shown = await runUnder(daemon, injection.call === "fsync" ? 120_000 : 600, figures);
        if (shown === undefined) refused += 1;
        else seen.push(shown);
      }
      figures.faults += injected.hits();
    }
    expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
    for (const shown of seen) await compareRecord(daemon, shown, figures);
    gaps += seen.reduce((sum, { reading }) => sum + reading.of("gap").length, 0);
  }
  figures.print("writes of the store that fail once", { refused, "gaps announced": gaps });
  expect(figures.faults).toBeGreaterThan(0);
  expect(figures.broken).toEqual(untouched);
});

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
  const running = openStream(daemon, "echo begun; sleep 1; echo over", { timeoutMs: 60_000 });
  const late = openStream(daemon, "sleep 100", { timeoutMs: 1000 });
  await delay(300);
  await writeFile(clock, "+365d\n");
  const run = await new RunReading().follow(await running);
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
  const back = await new RunReading().follow(await openStream(daemon, "echo back", { timeoutMs: 5000 }));
  expect(back.text()).toBe("back\n");
  expect(back.complete.outcome).toBe("exited");
});
