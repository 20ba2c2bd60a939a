import { cp, mkdir, open, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTestDaemon, spawnDaemon, watchFor } from "../support/daemon.ts";
import { type Directory, openDirectory } from "../support/directory.ts";
import { type FailingCall, failing, injected } from "../support/failing-call.ts";
import { FaultCounts, isFull, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts, openStream } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { bytesMissing, readSeen } from "../support/seen-stream.ts";
import { openSshd } from "../support/sshd.ts";

await using starting = new AsyncDisposableStack();
const sshd = starting.use(await openSshd());
const started = starting.move();
afterAll(() => started.disposeAsync());

const run600 = "seq 1 600; exit 3";
const storeFiles = ["hostrun.db", "hostrun.db-journal", "hostrun.db-shm", "hostrun.db-wal"];

/** What a killed daemon leaves: a run that had ended and one that had not, in a log that is not in the database yet. */
async function openLeftStore() {
  await using own = new AsyncDisposableStack();
  const directory = own.use(await openDirectory());
  await knowHosts(directory.path, sshd.knownHosts);
  await using daemon = await openTestDaemon({
    home: directory.path,
    stateDirectory: directory.join("state"),
  });
  await daemon.client.call("createHost", { body: hostOf(sshd) });
  const ended = await readSeen(await openStream(daemon, run600));
  const { id: unended } = await daemon.client.call("createRun", {
    body: { host: "web1", command: "sleep 100" },
  });
  await daemon.kill("SIGKILL");
  const owned = own.move();
  return {
    ended,
    unended,
    async copyTo(stateDirectory: string) {
      for (const file of storeFiles) {
        await cp(join(daemon.stateDirectory, file), join(stateDirectory, file)).catch(onlyMissing);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function onlyMissing(failure: unknown): void {
  if (!(failure instanceof Error && "code" in failure && failure.code === "ENOENT")) throw failure;
}

type Wrong = Pick<FailingCall, "call" | "error">;

/** Starts a daemon of which one call fails, and stops it if it came up. Gives back whether there was such a call. */
async function startAndStop(places: { home: string; stateDirectory: string }, failure: FailingCall) {
  const ready = watchFor(places.stateDirectory, "daemon.json");
  await using daemon = spawnDaemon({ ...places, under: failing(failure) });
  const first = await Promise.race([ready, daemon.ended]);
  const end = first === "seen" ? await daemon.kill("SIGTERM") : first;
  const came = first === "seen" ? "up" : "not up";
  // It came up and stopped in good order, or it says in a sentence what is wrong. strace speaks between the lines.
  const told = end.stderr.match(/hostrun daemon: [^\n]*|^ {4}at /gm);
  expect({ came, ...end, stderr: told }).toEqual(
    came === "up"
      ? { came, code: 0, signal: null, stderr: ["hostrun daemon: stopping, it was sent SIGTERM"] }
      : { came, code: 1, signal: null, stderr: [expect.stringMatching(/disk/)] },
  );
  return { came, hit: injected(end.stderr) > 0 };
}

const wrongs: readonly (Wrong & { readonly short: readonly number[] })[] = [
  { call: "pwrite64", error: "EIO", short: [9, 40] },
  { call: "fsync", error: "EIO", short: [1] },
  { call: "ftruncate", error: "EIO", short: [] },
  { call: "pwrite64", error: "ENOSPC", short: [] },
];
const cases = wrongs.filter(({ short }) => isFull || short.length > 0);

test.each(
  cases.flatMap((wrong) => [
    { ...wrong, on: "no store" },
    { ...wrong, on: "what a killed daemon left" },
  ]),
)(
  "a $call that fails once ($error) while a daemon starts on $on and stops: the next one has everything",
  { timeout: times(60_000, 900_000) },
  async ({ call, error, short, on }) => {
    const counts = new FaultCounts();
    await using left = await openLeftStore();
    let [notUp, more] = [0, true];
    for (let when = 1; more; when += 1) {
      if (!isFull && when > Math.max(...short)) break;
      if (!isFull && !short.includes(when)) continue;
      await using directory = await openDirectory();
      const places = { home: directory.path, stateDirectory: directory.join("state") };
      await mkdir(places.stateDirectory, { mode: 0o700 });
      await knowHosts(places.home, sshd.knownHosts);
      if (on !== "no store") await left.copyTo(places.stateDirectory);
      const files = storeFiles.map((file) => join(places.stateDirectory, file));
      const { came, hit } = await startAndStop(places, { call, error, when, files });
      if (hit) counts.faults += 1;
      if (came !== "up") notUp += 1;
      more = hit;
      await using next = await openTestDaemon(places);
      expect((await next.client.call("stats")).store.damaged).toBeNull();
      if (on === "no store") continue;
      const again = await next.http.open("GET", `/api/runs/${left.ended.reading.id}/events`);
      counts.runs += 2;
      counts.bytesLost += bytesMissing(left.ended.messages, (await readSeen(again)).messages);
      const { outcome } = await next.client.call("getRun", { params: { run: left.unended } });
      if (outcome !== "unknown") counts.wrongOutcomes += 1;
    }
    counts.print(`${call} that fails once with ${error} at the start on ${on}`, { "did not start": notUp });
    expect(counts.faults).toBeGreaterThan(0);
    expect(counts.broken).toEqual(untouched);
  },
);

async function overwrite(path: string): Promise<void> {
  const { size } = await stat(path);
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096);
  await file.close();
}

/** Where a daemon has been that knew web1, and five runs on it. */
async function usedPlaces(directory: Directory) {
  const places = { home: directory.path, stateDirectory: directory.join("state") };
  await knowHosts(places.home, sshd.knownHosts);
  await using daemon = await openTestDaemon(places);
  await daemon.client.call("createHost", { body: hostOf(sshd) });
  for (let count = 0; count < 5; count += 1) await new RunReading().follow(await openStream(daemon, run600));
  return places;
}

const damages = {
  "overwritten pages": overwrite,
  "a truncated file": (path: string) => truncate(path, 3 * 4096),
  "an empty file": (path: string) => truncate(path, 0),
  "no file any more": (path: string) => rm(path),
};

test.each(Object.entries(damages))(
  "a store with %s is put aside, and the person is told",
  async (_, damage) => {
    await using directory = await openDirectory();
    const places = await usedPlaces(directory);
    await damage(join(places.stateDirectory, "hostrun.db"));
    await using daemon = await openTestDaemon(places);
    const { damaged, runs } = (await daemon.client.call("stats")).store;
    expect(damaged).toMatch(/\/hostrun\.db\.damaged-/);
    expect(await readdir(places.stateDirectory)).toContain(basename(damaged ?? ""));
    expect(runs).toBe(0);
    expect(await readFile(join(places.stateDirectory, "daemon.log"), "utf8")).toContain(
      "The store was damaged",
    );
    await daemon.client.call("createHost", { body: hostOf(sshd) });
    const run = await new RunReading().follow(await openStream(daemon, "echo begun; exit 4"));
    expect([run.text(), run.complete.exitCode]).toEqual(["begun\n", 4]);
  },
);

test("a store that is damaged under a daemon ends neither it nor its runs", async () => {
  await using directory = await openDirectory();
  const places = await usedPlaces(directory);
  await using daemon = await openTestDaemon(places);
  const running = new RunReading();
  const messages = readMessages(
    await openStream(daemon, "echo begun; read line; echo over; exit 5", { stdinOpen: true }),
  );
  await running.until(messages, ({ type }) => type === "output");
  await overwrite(join(places.stateDirectory, "hostrun.db"));
  const answers = new Set<number>();
  for (let count = 0; count < 5; count += 1) {
    const sent = { json: { host: "web1", command: "true" } };
    answers.add((await daemon.http.ask("POST", "/api/runs", sent)).status);
  }
  // What it has in memory may do for a while.
  answers.delete(201);
  expect([...answers]).toEqual([507]);
  const body = { data: "\n", end: true };
  await daemon.client.call("runStdin", { params: { run: running.id }, body });
  await running.until(messages, ({ type }) => type === "complete");
  expect(running.complete).toMatchObject({ outcome: "exited", exitCode: 5 });
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
  await daemon.kill("SIGTERM");
  await using next = await openTestDaemon(places);
  expect((await next.client.call("stats")).store.damaged).toMatch(/\.damaged-/);
});
