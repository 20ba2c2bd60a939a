import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { type CountedCommand, openCommandBook } from "../support/counted-command.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { createRandom, FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts } from "../support/hosted-daemon.ts";
import type { SseMessage } from "../support/run-stream.ts";
import { bytesMissing, isCut, readSeen, type SeenStream } from "../support/seen-stream.ts";
import { openSshd } from "../support/sshd.ts";

const runs = times(60, 2000);
const kills = times(6, 200);
const readers = 6;
/** Every so manieth run is a durable one. */
const durableEvery = 5;

await using stack = new AsyncDisposableStack();
const random = createRandom();
const directory = stack.use(await openDirectory());
const book = stack.use(await openCommandBook(random));
const sshd = stack.use(await openSshd({ options: { MaxStartups: 200 } }));
await knowHosts(directory.path, sshd.knownHosts);
const state = { stateDirectory: directory.join("state"), home: directory.path };
let daemon: TestDaemon = await openTestDaemon(state);
stack.defer(() => daemon[Symbol.asyncDispose]());
await daemon.client.call("createHost", { body: hostOf(sshd) });
const owned = stack.move();
afterAll(() => owned.disposeAsync());

/** Resolves with the daemon that lives after the present one was killed; at once while none was. */
let alive: Promise<TestDaemon> = Promise.resolve(daemon);

/** What a person's client does: sends the command with a key, and again with it whenever the daemon is gone. */
async function insist(
  command: CountedCommand,
  durable: boolean,
): Promise<{ seen: SeenStream; shown: SseMessage[] }> {
  const shown: SseMessage[] = [];
  for (;;) {
    const { http } = await alive;
    try {
      const stream = await http.open("POST", "/api/ssh/stream", {
        headers: { "idempotency-key": command.name },
        json: { host: "web1", command: command.command, durable },
      });
      expect(stream.statusCode).toBe(200);
      const seen = await readSeen(stream);
      if (seen.ended) return { seen, shown };
      shown.push(...seen.messages);
    } catch (failure) {
      if (!isCut(failure)) throw failure;
    }
    // The socket closes a moment before the kill is known here.
    await delay(5);
  }
}

async function killOnce(): Promise<void> {
  const next = Promise.withResolvers<TestDaemon>();
  alive = next.promise;
  await daemon.kill("SIGKILL");
  await daemon[Symbol.asyncDispose]();
  daemon = await openTestDaemon(state);
  next.resolve(daemon);
}

/** It ended on the host, and all of it is known. */
function isWhole(command: CountedCommand, { reading }: SeenStream): boolean {
  const { outcome, exitCode } = reading.complete;
  return outcome === "exited" && exitCode === command.exitCode && reading.text() === command.stdout;
}

/** `unknown` is right only for a run that a kill can have hit, with a beginning of its bytes. */
function isRight(command: CountedCommand, seen: SeenStream, executions: number): boolean {
  const { reading } = seen;
  const { outcome, exitCode, stdoutBytes } = reading.complete;
  const text = reading.text();
  if (stdoutBytes !== Buffer.byteLength(text)) return false;
  if (outcome === "exited") return isWhole(command, seen) && executions === 1;
  const told = reading.problem.code === "daemon_stopped";
  return outcome === "unknown" && exitCode === null && told && command.stdout.startsWith(text);
}

/** A durable run that began is never lost; one that did not is told to have failed, and never begins. */
function isRightDurable(command: CountedCommand, seen: SeenStream, executions: number): boolean {
  if (executions === 1) return isWhole(command, seen);
  return seen.reading.complete.outcome === "failed" && executions === 0;
}

test(`${kills} kill -9 of the daemon over ${runs} runs`, { timeout: times(60_000, 1_500_000) }, async () => {
  const counts = new FaultCounts();
  const unknown: string[] = [];
  let begun = 0;
  const killAt = Array.from({ length: kills }, (_, index) => Math.floor(((index + 0.5) * runs) / kills));
  let killing: Promise<void> = Promise.resolve();

  const judge = async (command: CountedCommand, durable: boolean): Promise<void> => {
    const { seen, shown } = await insist(command, durable);
    const executions = await command.executions();
    counts.runs += 1;
    counts.bytesLost += bytesMissing(shown, seen.messages);
    if (executions > 1) counts.doubleExecutions += 1;
    const { outcome } = seen.reading.complete;
    if (outcome === "unknown") unknown.push(seen.reading.id);
    const right = durable ? isRightDurable : isRight;
    if (!right(command, seen, executions)) counts.wrongOutcomes += 1;
    if (!durable || executions === 0) return;
    counts.durable.begun += 1;
    if (isWhole(command, seen)) counts.durable.recovered += 1;
  };
  const reader = async (): Promise<void> => {
    while (begun < runs) {
      begun += 1;
      const durable = begun % durableEvery === 0;
      const long = begun % 7 === 0;
      const lines = long ? random.between(20_000, 60_000) : random.between(3, 900);
      const command = book.command(lines, random.between(0, 120));
      if (killAt.includes(begun)) {
        const wait = random.between(0, 200);
        killing = killing.then(() => delay(wait)).then(killOnce);
        counts.faults += 1;
      }
      await judge(command, durable);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  await killing;

  counts.print("kill -9 of the daemon", { "unknown endings": unknown.length, seed: random.seed });
  expect(counts.broken).toEqual(untouched);
  expect(counts.durable.recovered).toBe(counts.durable.begun);
  // A kill that hits no run at all shows nothing.
  expect(unknown.length).toBeGreaterThan(0);
  const { runs: counted } = await daemon.client.call("stats");
  expect(counted).toMatchObject({ queued: 0, connecting: 0, running: 0 });
  const stored = new Set<string>();
  for (let cursor: string | undefined; ; ) {
    const page = await daemon.client.call("listRuns", {
      query: { limit: "500", ...(cursor === undefined ? {} : { cursor }) },
    });
    for (const run of page.items) {
      stored.add(run.id);
      expect(run.state).toBe("ended");
    }
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  // One run a key, however often it was sent.
  expect(stored.size).toBe(runs);
});
