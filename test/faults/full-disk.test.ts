import { createHash } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../daemon/core/clock.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { LiveRun } from "../../daemon/runs/record/live-run.ts";
import type { HostFields } from "../../daemon/hosts/host-store.ts";
import { noOverlay } from "../../daemon/hosts/host-overlay.ts";
import { createHostOverlays } from "../../daemon/store/host-overlays.ts";
import { createHostStore } from "../../daemon/store/hosts.ts";
import { createSnippetStore } from "../../daemon/store/snippets.ts";
import type { Run } from "../../protocol/run.ts";
import { NewSnippet } from "../../protocol/snippet.ts";
import { createRunStore } from "../../daemon/store/runs.ts";
import { placeNames } from "../../protocol/places.ts";
import { openCli } from "../support/cli.ts";
import { openCounter } from "../support/counter.ts";
import { openTestDaemon, spawnDaemon } from "../support/daemon.ts";
import { openTestDatabase } from "../support/database.ts";
import { openDirectory } from "../support/directory.ts";
import { durableFilesOf, plannedRuns, until } from "../support/durable.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { openSmallDisk } from "../support/small-disk.ts";
import { openSshd } from "../support/sshd.ts";
import { queuedRun } from "../support/stored-run.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

const mebibyte = 1024 * 1024;

test("on a full disk no run begins, what runs goes on with its loss announced, and room mends it", async () => {
  await using disk = await openSmallDisk(8);
  using database = openTestDatabase(join(disk.path, "db"));
  const store = createRunStore(database);
  const parts = { store, clock: systemClock, log: silentLog, onChange: () => undefined };
  const begin = (): LiveRun => {
    const run = queuedRun("x", "web1");
    return new LiveRun(run, { key: undefined }, 64 * mebibyte, parts);
  };
  const live = begin();
  live.output("stdout", Buffer.alloc(mebibyte, "a"));
  await turn();
  disk.fill();
  live.output("stdout", Buffer.alloc(4 * mebibyte, "b"));
  await turn();
  expect(begin).toThrow(expect.objectContaining({ code: "storage_full" }));
  disk.makeRoom();
  live.output("stdout", Buffer.from("c"));
  await turn();
  live.end({ outcome: "exited", exitCode: 0 });

  const { run } = live;
  expect(run).toMatchObject({ outcome: "exited", stdoutBytes: 5 * mebibyte + 1 });
  expect(run.truncatedBytes).toBe(4 * mebibyte);
  const gaps = store.events.read(run.id, 0, 1e9).filter(({ kind }) => kind === "gap");
  expect(gaps).toEqual([expect.objectContaining({ stream: "stdout", from: mebibyte, to: 5 * mebibyte })]);
  const { stdoutBytes, truncatedBytes, outcome } = run;
  expect(store.get(run.id)).toMatchObject({ state: "ended", stdoutBytes, truncatedBytes, outcome });
  expect(begin).not.toThrow();
});

test("on a full disk no host, no mark of one and no snippet is said to be kept that is not", async () => {
  await using disk = await openSmallDisk(8);
  using database = openTestDatabase(join(disk.path, "db"));
  const at = new Date().toISOString();
  const hosts = createHostStore(database, systemClock);
  const snippets = createSnippetStore(database);
  const overlays = createHostOverlays(database);
  const fields: HostFields = {
    ...noOverlay,
    name: "before",
    address: "10.0.0.1",
    port: 22,
    user: null,
    identityFile: null,
    jump: [],
    hostKeyPolicy: null,
    source: "manual",
  };
  const kept = NewSnippet.parse({ name: "before", command: "true" });
  const [host, snippet] = [hosts.insert(fields, at), snippets.insert(kept, at)];
  disk.fill();
  // What SQLite has at hand is used up first.
  const long = "x".repeat(200_000);
  const writes: (() => unknown)[] = [
    () => hosts.insert({ ...fields, name: "new", identityFile: long }, at),
    () => hosts.update(host.id, { identityFile: long }, at),
    () => snippets.insert({ ...kept, name: "new", command: long }, at),
    () => snippets.update(snippet.id, { ...kept, command: long }, at),
    () => overlays.set("new", { ...noOverlay, group: long }),
  ];
  for (const write of writes) expect(write).toThrow(expect.objectContaining({ code: "storage_full" }));
  const names = async (): Promise<string[]> => (await hosts.list()).map(({ name }) => name);
  expect(await names()).toEqual(["before"]);
  expect(hosts.byId(host.id)).toEqual(host);
  expect(snippets.list()).toEqual([snippet]);
  expect(overlays.get("new")).toBeUndefined();
});

test("on a full disk runs can be deleted, and that makes room for others", async () => {
  await using disk = await openSmallDisk(8);
  using database = openTestDatabase(join(disk.path, "db"));
  const store = createRunStore(database);
  const parts = { store, clock: systemClock, log: silentLog, onChange: () => undefined };
  const run = async (bytes: number): Promise<string> => {
    const start = queuedRun("x", "web1");
    const live = new LiveRun(start, { key: undefined }, 64 * mebibyte, parts);
    live.output("stdout", Buffer.alloc(bytes, "a"));
    await turn();
    live.end({ outcome: "exited", exitCode: 0 });
    return live.run.id;
  };
  const runs: string[] = [];
  for (let count = 0; count < 20; count += 1) runs.push(await run(count % 2 === 0 ? 3000 : 100_000));
  disk.fill();
  await expect(run(10)).rejects.toMatchObject({ code: "storage_full" });
  for (const id of runs) store.delete(id);
  expect(store.countRuns()).toBe(0);
  await store.sweepFiles(new AbortController().signal);
  const again = await run(100_000);
  expect(store.get(again)).toMatchObject({ outcome: "exited", truncatedBytes: 0 });
  // The reserve is there again for the next time.
  disk.fill();
  store.delete(again);
  expect(store.has(again)).toBe(false);
});

test("on a full disk runs end as they end, in the store before that is shown, and as unknown where even that has no room", async () => {
  await using disk = await openSmallDisk(16);
  using database = openTestDatabase(join(disk.path, "db"));
  // As small as the thread for checkpoints keeps the log, which is room for endings.
  database.sql.pragma("wal_autocheckpoint = 1000");
  const store = createRunStore(database);
  const shownBeforeStored: string[] = [];
  const onChange = ({ id, outcome }: Run): void => {
    if (outcome !== null && outcome !== "unknown" && store.get(id)?.outcome !== outcome)
      shownBeforeStored.push(id);
  };
  const parts = { store, clock: systemClock, log: silentLog, onChange };
  const begin = (): LiveRun => {
    const run = queuedRun("x", "web1");
    return new LiveRun(run, { key: undefined }, mebibyte, parts);
  };
  const runs = Array.from({ length: 300 }, begin);
  const end = (some: readonly LiveRun[]): void => {
    for (const live of some) {
      // What is free is soon another's.
      disk.fill();
      live.output("stdout", Buffer.alloc(20_000, "a"));
      live.end({ outcome: "exited", exitCode: 3 });
    }
  };
  end(runs.slice(0, 200));
  // While somebody reads the database, its write-ahead log grows with every ending.
  const reader = new Sqlite(join(disk.path, "db"), { readonly: true });
  using _ = { [Symbol.dispose]: () => void reader.close() };
  reader.exec("BEGIN; SELECT * FROM runs LIMIT 1");
  end(runs.slice(200));
  const outcomes = runs.map(({ run: { outcome, exitCode } }) => `${outcome} ${exitCode}`);
  const recorded = outcomes.indexOf("unknown null");
  expect(recorded).toBeGreaterThanOrEqual(200 + 10);
  expect(new Set(outcomes.slice(0, recorded))).toEqual(new Set(["exited 3"]));
  expect(new Set(outcomes.slice(recorded))).toEqual(new Set(["unknown null"]));
  const problem = runs.at(-1)?.run.problem;
  expect(problem?.code).toBe("storage_full");
  expect(problem?.detail).toMatch(/^web1 reported that the command ended \(exit 3\), but .*history forget/);
  expect(shownBeforeStored).toEqual([]);
  for (const { run } of runs.slice(0, recorded)) {
    expect(store.get(run.id)).toMatchObject({ outcome: "exited", exitCode: 3, truncatedBytes: 20_000 });
  }
  // That for deletions is there.
  expect(begin).toThrow(expect.objectContaining({ code: "storage_full" }));
  store.delete(runs[0]?.run.id ?? "");
  expect(store.countRuns()).toBe(299);
  reader.exec("COMMIT");
  disk.makeRoom();
  await Promise.all(runs.map(({ persisted }) => persisted));
  expect(store.get(runs.at(-1)?.run.id ?? "")).toMatchObject({ outcome: "unknown", problem });
  expect(begin).not.toThrow();
});

describe("what was shown on a full disk as the end of a run is its end for the next daemon, too", () => {
  /** A run during which the disk becomes full, and which then ends. */
  async function endOnFullDisk(losesReserve: boolean) {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(await openSmallDisk(16));
    const stateDirectory = join(disk.path, "state");
    const daemon = stack.use(await openHostedDaemon({ stateDirectory }));
    const run = new RunReading();
    const command = "echo A; read line; yes | head -c 20000000";
    const messages = readMessages(await daemon.stream(command, { stdinOpen: true }));
    await run.until(messages, () => run.text() === "A\n");
    if (losesReserve) await rm(join(stateDirectory, placeNames.reserve));
    disk.fill();
    await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n" } });
    await run.until(messages, ({ type }) => type === "complete");
    const owned = stack.move();
    const next = () => openTestDaemon({ stateDirectory, home: daemon.home });
    return { disk, daemon, run, next, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  test.each(["SIGTERM", "SIGKILL"] as const)("by %s", async (signal) => {
    await using ended = await endOnFullDisk(false);
    const { disk, daemon, run } = ended;
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
    await daemon.kill(signal);
    disk.fill();
    await using next = await ended.next();
    const told = { state: "ended", outcome: "exited", exitCode: 0, stdoutBytes: 20_000_002 };
    expect(await next.client.call("getRun", { params: { run: run.id } })).toMatchObject(told);
  });

  test("where nothing is left of what is kept for it", async () => {
    await using ended = await endOnFullDisk(true);
    const { disk, daemon, run } = ended;
    expect(run.complete).toMatchObject({ outcome: "unknown", exitCode: null });
    expect(run.problem.code).toBe("storage_full");
    expect(run.problem.message).toContain(
      "the command ended (exit 0), but the history could not record that",
    );
    const told = { state: "ended", outcome: "unknown", exitCode: null };
    expect(await daemon.client.call("getRun", { params: { run: run.id } })).toMatchObject(told);
    await daemon.kill("SIGKILL");
    disk.makeRoom();
    await using next = await ended.next();
    expect(await next.client.call("getRun", { params: { run: run.id } })).toMatchObject(told);
  });
});

test("a reader of every byte gets them on a full disk, too, and the record has a gap in their place", async () => {
  await using disk = await openSmallDisk(16);
  const stateDirectory = join(disk.path, "state");
  await using daemon = await openHostedDaemon({ stateDirectory });
  const bytes = 20_000_000;
  const command = `echo A; read line; yes 0123456 | head -c ${bytes}; echo over >&2; echo B`;
  const created = await daemon.client.call("createRun", { body: { host: "web1", command, stdinOpen: true } });
  const run = new RunReading();
  const messages = readMessages(await daemon.http.open("GET", `/api/runs/${created.id}/events?follow=all`));
  await run.until(messages, () => run.text() === "A\n");
  disk.fill();
  await daemon.client.call("runStdin", { params: { run: created.id }, body: { data: "\n" } });
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.of("gap")).toEqual([]);
  expect(run.bytes("stdout").length).toBe(bytes + 4);
  const sha256 = createHash("sha256").update(run.bytes("stdout")).digest("hex");
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0, sha256: { stdout: sha256 } });
  expect(run.bytes("stderr").toString()).toBe("over\n");
  const { truncatedBytes } = run.complete;
  expect(truncatedBytes).toBeGreaterThan(bytes / 2);
  // Who reads the record has all that is in it, and is told of the rest.
  const later = await new RunReading().follow(
    await daemon.http.open("GET", `/api/runs/${created.id}/events`),
  );
  const gaps = later.of("gap").reduce((sum, { from, to }) => sum + to - from, 0);
  expect(gaps).toBe(truncatedBytes);
  expect(later.text().startsWith("A\n")).toBe(true);
  expect(later.complete).toEqual(run.complete);
});

test("a daemon on a full disk begins no run, ends those under way as they end, and goes on when there is room", async () => {
  await using disk = await openSmallDisk(16);
  await using counter = await openCounter();
  await using silent = await openTcpPeer(() => undefined);
  const stateDirectory = join(disk.path, "state");
  await using daemon = await openHostedDaemon({ stateDirectory });
  const { address, port } = silent;
  await daemon.client.call("createHost", { body: { name: "silent", address, port } });
  const lost = 2 * mebibyte;
  const parts = [mebibyte, lost].map((bytes) => `yes 0123456 | head -c ${bytes}; read line`);
  const run = new RunReading();
  const messages = readMessages(
    await daemon.stream(`${parts.join("; ")}; echo over; exit 7`, { stdinOpen: true }),
  );
  const goOn = () => daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n" } });
  await run.until(messages, () => run.bytes("stdout").length === mebibyte);
  const never = await daemon.stream("true", { host: "silent", durable: true, connectTimeoutMs: 2000 });
  disk.fill();

  const key = { "idempotency-key": "once" };
  const begin = (path: string) =>
    daemon.http.ask("POST", path, { json: { host: "web1", command: counter.command }, headers: key });
  for (const path of ["/api/runs", "/api/ssh/stream"]) {
    const { status, bytes } = await begin(path);
    expect(status).toBe(507);
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: "storage_full", retryable: true });
  }
  const job = { targets: ["web1"], command: counter.command };
  expect((await daemon.http.ask("POST", "/api/jobs", { json: job })).problem().code).toBe("storage_full");
  expect((await daemon.client.call("listJobs")).items).toEqual([]);
  await goOn();
  await goOn();
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.of("gap")).toMatchObject([{ stream: "stdout", from: mebibyte }]);
  expect(run.complete).toMatchObject({
    outcome: "exited",
    exitCode: 7,
    stdoutBytes: mebibyte + lost + 5,
    truncatedBytes: lost + 5,
  });
  const failed = await new RunReading().follow(never);
  expect(failed.complete.outcome).toBe("failed");
  expect(failed.problem.code).toBe("timed_out");
  // What was told holds, although it could not be written yet: for who asks now, and for who reads it all again.
  const told = { state: "ended", outcome: "exited", exitCode: 7, truncatedBytes: lost + 5 };
  expect(await daemon.client.call("getRun", { params: { run: run.id } })).toMatchObject(told);
  const again = await daemon.http.open("GET", `/api/runs/${run.id}/events`);
  expect((await new RunReading().follow(again)).events).toEqual(run.events);
  expect((await begin("/api/runs")).status).toBe(507);
  expect(await counter.count()).toBe(0);
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);

  disk.makeRoom();
  for (let time = 0; time < 2; time += 1) expect((await begin("/api/runs")).status).toBe(201);
  expect((await daemon.run("echo room")).text()).toBe("room\n");
  await expect.poll(() => counter.count()).toBe(1);
  // The next daemon knows only what was written.
  using database = openTestDatabase(join(stateDirectory, "hostrun.db"));
  const store = createRunStore(database);
  await expect.poll(() => store.listOpen()).toEqual([]);
  await daemon.kill("SIGKILL");
  await using next = await openTestDaemon({ stateDirectory, home: daemon.home });
  expect(await next.client.call("getRun", { params: { run: run.id } })).toMatchObject(told);
});

describe("a durable run on a full disk", () => {
  /** Says A, B and C as it is let, of which the disk is full for B; `done` ends it. */
  async function openFullDisk() {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(await openSmallDisk(16));
    const directory = stack.use(await openDirectory({ readable: true }));
    const stateDirectory = join(disk.path, "state");
    const daemon = stack.use(await openHostedDaemon({ stateDirectory }));
    const waitFor = (gate: string): string => `until [ -e ${directory.join(gate)} ]; do sleep 0.05; done`;
    const command = `echo A; ${waitFor("b")}; echo B; ${waitFor("c")}; echo C; exit 3`;
    const reading = new RunReading();
    const messages = readMessages(await daemon.stream(command, { durable: true }));
    await reading.until(messages, () => reading.text() === "A\n");
    disk.fill();
    await writeFile(directory.join("b"), "");
    const isFull = ({ type, message }: { type: string; message?: string }): boolean =>
      type === "status" && message?.includes("is full: the output stays on web1") === true;
    const owned = stack.move();
    const letGo = (): Promise<void> => writeFile(directory.join("c"), "");
    const files = (): Promise<string[]> => durableFilesOf(daemon.sshd.user);
    return {
      disk,
      daemon,
      reading,
      messages,
      isFull,
      letGo,
      files,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  test("is taken in from where its record ends once there is room, and its files are removed then", async () => {
    await using full = await openFullDisk();
    const { disk, daemon, reading, messages, isFull, letGo, files } = full;
    await reading.until(messages, isFull);
    await letGo();
    disk.makeRoom();
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.text()).toBe("A\nB\nC\n");
    expect(reading.of("gap")).toEqual([]);
    const whole = createHash("sha256").update("A\nB\nC\n").digest("hex");
    expect(reading.complete).toMatchObject({ exitCode: 3, truncatedBytes: 0, sha256: { stdout: whole } });
    const again = await daemon.http.open("GET", `/api/runs/${reading.id}/events`);
    expect((await new RunReading().follow(again)).text()).toBe("A\nB\nC\n");
    await until(async () => !(await files()).includes(reading.id));
  });

  test("that is cancelled keeps its files on the host, and says where", async () => {
    await using full = await openFullDisk();
    const { disk, daemon, reading, messages, isFull, files } = full;
    await reading.until(messages, isFull);
    await daemon.client.call("cancelRun", { params: { run: reading.id } });
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true, truncatedBytes: 2 });
    const said = reading.of("status").map(({ message }) => message);
    expect(said.at(-1)).toMatch(new RegExp(`It is still on web1, in /var/tmp/hostrun-\\d+/${reading.id}$`));
    disk.makeRoom();
    await expect.poll(() => plannedRuns(daemon.stateDirectory), { timeout: 20_000 }).toEqual([]);
    expect(await files()).toContain(reading.id);
  });
});

describe.each(["SIGTERM", "SIGKILL"] as const)(
  "a daemon that starts on a full disk (%s before)",
  (signal) => {
    /** What a daemon left there. */
    async function openLeft() {
      const disk = await openSmallDisk(16);
      const places = { home: disk.path, stateDirectory: join(disk.path, "state") };
      await using before = await openTestDaemon(places);
      await before.kill(signal);
      return { disk, places, [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose]() };
    }

    test("has the room for that which is kept for deletions", async () => {
      await using left = await openLeft();
      left.disk.fill();
      await using daemon = await openTestDaemon(left.places);
      expect((await daemon.client.call("stats")).store.damaged).toBeNull();
    });

    test("and where that is not there says so in a sentence, and starts when there is room", async () => {
      await using left = await openLeft();
      await rm(join(left.places.stateDirectory, placeNames.reserve));
      left.disk.fill();
      await using refused = spawnDaemon(left.places);
      const { code, stderr } = await refused.ended;
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^hostrun daemon: [^\n]*disk[^\n]*\n$/)]);
      left.disk.makeRoom();
      await using next = await openTestDaemon(left.places);
      expect((await next.client.call("stats")).store.damaged).toBeNull();
    });
  },
);

test("a person whose disk is full forgets runs, also one whose end waits to be written, and can start Hostrun again", async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  await using disk = await openSmallDisk(16);
  const env = { HOSTRUN_HOME: join(disk.path, "state") };
  const said = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await cli.run(args, { env });
    return `${String(status)} ${stdout.toString()}${stderr.toString()}`;
  };
  const forget = ["history", "forget", "--matching", "", "--yes"];
  const key = ["--identity-file", sshd.clientKey.path];
  await using _ = { [Symbol.asyncDispose]: async () => void (await said("stop", "--force")) };
  expect(await said("hosts", "add", "web1", `${sshd.user}@127.0.0.1:${sshd.port}`, ...key)).toMatch(/^0 /);
  expect(
    await said("run", "web1", "--", "yes | head -c 2000000 | tail -c 4000000 | wc -c; yes | head -c 3000000"),
  ).toMatch(/^0 /);
  const gate = join(cli.home, "gate");
  const running = cli.start(
    ["run", "web1", "--", `echo begun; until [ -e ${gate} ]; do sleep 0.05; done; exit 3`],
    env,
  );
  await once(running.stdout, "data");
  disk.fill();
  await writeFile(gate, "");
  await once(running, "close");
  expect(running.exitCode).toBe(3);
  const full = /^255 .*disk .*is full\. Make room on it, or forget runs \(`hostrun history forget`\)/;
  expect(await said("run", "web1", "--", "echo no")).toMatch(full);
  // Not the newest, whose room would serve the others.
  expect(await said("history", "forget", "last", "--yes")).toMatch(/^0 Forgot 1 run/);
  disk.fill();

  expect(await said("stop")).toMatch(/^0 /);
  disk.fill();
  expect(await said("history")).toMatch(/^0 .*\n.* exit 0 /);
  // Starting makes some room, which depends on what the last daemon left in its write-ahead log: a run may fit into that.
  const afterFilling = (): Promise<string> => {
    disk.fill();
    return said("run", "web1", "--", "echo no");
  };
  await expect.poll(afterFilling, { timeout: 60_000 }).toMatch(full);
  expect(await said(...forget)).toMatch(/^0 Forgot \d+ runs?\./);
  expect(await said("run", "web1", "--", "echo room")).toMatch(/^0 room/);
});
