import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { followCommand, startCommand } from "../../daemon/runs/durable/host-script.ts";
import { openChaosProxy } from "../support/chaos-proxy.ts";
import { finish, openCli, seen } from "../support/cli.ts";
import { openCounter } from "../support/counter.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { durableFilesOf, openNoisySource, plannedRuns, until } from "../support/durable.ts";
import { hostOf, knowHosts } from "../support/hosted-daemon.ts";
import { processesOf } from "../support/processes.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

const stack = new AsyncDisposableStack();
let sshd: Sshd;
beforeAll(async () => {
  sshd = stack.use(await openSshd());
});
afterAll(() => stack.disposeAsync());

/** A home and a state directory that outlast the daemons in them, and the first of these. */
async function openHome(on: Sshd = sshd, flags: readonly string[] = []) {
  await using own = new AsyncDisposableStack();
  const directory = own.use(await openDirectory());
  const home = directory.join("home");
  const stateDirectory = directory.join("state");
  await knowHosts(home, on.knownHosts);
  const daemons = own.use(new AsyncDisposableStack());
  const open = async () => daemons.use(await openTestDaemon({ home, stateDirectory, flags }));
  const daemon = await open();
  await daemon.client.call("createHost", { body: hostOf(on) });
  const owned = own.move();
  return { open, daemon, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function start(daemon: TestDaemon, command: string): Promise<string> {
  const { id } = await daemon.client.call("createRun", { body: { host: "web1", command, durable: true } });
  return id;
}

const read = async (daemon: TestDaemon, id: string): Promise<RunReading> =>
  new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));

const received = async (daemon: TestDaemon, id: string, stream = "stdout"): Promise<number> => {
  const { bytes } = await daemon.http.ask("GET", `/api/runs/${id}/output?stream=${stream}`);
  return bytes.length;
};

/** Kills a daemon as nothing else does, and starts the next one on what it left. */
async function killed(daemon: TestDaemon, open: () => Promise<TestDaemon>): Promise<TestDaemon> {
  await daemon.kill("SIGKILL");
  await daemon[Symbol.asyncDispose]();
  return open();
}

test("two killed daemons and two cut links: every byte, once, and the exit code", async () => {
  await using home = await openHome();
  await using source = await openNoisySource(8_388_608, 64, "0.05");
  await using counter = await openCounter();
  let { daemon } = home;
  const id = await start(daemon, `${counter.command}; ${source.command}; exit 42`);
  for (const [index, fault] of ["daemon", "link", "both", "link"].entries()) {
    await until(async () => (await received(daemon, id)) > (index + 1) * 1_000_000);
    if (fault !== "daemon") await sshd.dropConnections();
    if (fault !== "link") daemon = await killed(daemon, home.open);
  }
  await using last = daemon;
  const reading = await read(last, id);
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 42, sha256: source.sha256 });
  expect([reading.bytes("stdout").length, reading.bytes("stderr").length]).toEqual([8_388_608, 8_388_608]);
  expect(await counter.count()).toBe(1);
  await until(async () => !(await durableFilesOf(sshd.user)).includes(id));
});

const limit = 300_000;
/** A run whose record is cut already when its daemon is killed; how it ends under the next one. */
async function overTheLimit(on: Sshd) {
  await using home = await openHome(on);
  await using source = await openNoisySource(1_048_576, 16, "0.1");
  const body = { host: "web1", command: source.command, durable: true, recordLimitBytes: limit };
  const { id } = await home.daemon.client.call("createRun", { body });
  const events = await home.daemon.http.open("GET", `/api/runs/${id}/events`);
  const following = readMessages(events);
  await new RunReading().until(
    following,
    (event) => event.type === "output" && event.stream === "stdout" && event.offset > 400_000,
  );
  await using next = await killed(home.daemon, home.open);
  const { complete, events: told } = await read(next, id);
  const kept = (stream: "stdout" | "stderr") => received(next, id, stream);
  return { complete, told, source, kept: (await kept("stdout")) + (await kept("stderr")) };
}

test("the record's limit holds under the next daemon, too, and the host tells the hash of every byte", async () => {
  const { complete, told, source, kept } = await overTheLimit(sshd);
  expect(complete).toMatchObject({
    outcome: "exited",
    exitCode: 0,
    stdoutBytes: 1_048_576,
    stderrBytes: 1_048_576,
    truncatedBytes: 2 * 1_048_576 - kept,
    sha256: source.sha256,
  });
  // The last part is dropped by the piece, of an eighth of it at most.
  expect(kept).toBeLessThanOrEqual(limit);
  expect(kept).toBeGreaterThan(limit - limit / 16 - 4);
  expect(told.filter(({ type }) => type === "gap").length).toBeGreaterThan(0);
});

test("on a host that cannot hash, it is not known of a record that was cut under an earlier daemon", async () => {
  const mounts = ["sha256sum", "shasum", "openssl"].map((name) => `mount --bind /dev/null /usr/bin/${name}`);
  await using unable = await openSshd({ mounts });
  const { complete } = await overTheLimit(unable);
  expect(complete).toMatchObject({ outcome: "exited", sha256: { stdout: null, stderr: null } });
});

test("a daemon killed while its run waits for the host to come back: the next one waits on", async () => {
  await using home = await openHome();
  await using keys = await openDirectory();
  const hostKeys = [await createKey(keys.join("host"))];
  const clientKey = await createKey(keys.join("client"));
  await using going = await openSshd({ hostKeys, authorizedKeys: [clientKey.publicKey] });
  await using counter = await openCounter();
  await knowHosts(home.daemon.home, going.knownHosts);
  await home.daemon.client.call("createHost", {
    body: { ...hostOf({ ...going, clientKey }), name: "going" },
  });
  const command = `echo one; sleep 1; echo two; ${counter.command}; exit 3`;
  const body = { host: "going", command, durable: true };
  const { id } = await home.daemon.client.call("createRun", { body });
  await until(async () => (await received(home.daemon, id)) > 0);
  await going[Symbol.asyncDispose]();
  await until(async () => (await counter.count()) === 1);
  const { bytes } = await home.daemon.http.ask("GET", `/api/runs/${id}`);
  expect(JSON.parse(bytes.toString())).toMatchObject({ state: "running" });
  await using next = await killed(home.daemon, home.open);
  const { port } = going;
  await using back = await openSshd({ port, hostKeys, authorizedKeys: [clientKey.publicKey] });
  expect(back.port).toBe(port);
  const reading = await read(next, id);
  expect(reading.text()).toBe("one\ntwo\n");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
});

/** A host on which nothing can be removed while a file is there. */
async function openStickyHost() {
  await using own = new AsyncDisposableStack();
  const directory = own.use(await openDirectory({ readable: true }));
  const [flag, tool, guarded, tries] = [
    directory.join("flag"),
    directory.join("tool"),
    directory.join("rm"),
    directory.join("tries"),
  ];
  const script = `#!/bin/sh\n[ -e ${flag} ] && { echo >>${tries}; exit 1; }\nexec ${tool} "$@"\n`;
  await writeFile(guarded, script, { mode: 0o755 });
  await writeFile(flag, "");
  const mounts = [`cp /usr/bin/rm ${tool}`, `mount --bind ${guarded} /usr/bin/rm`];
  const hostKeys = [await createKey(directory.join("host"))];
  const clientKey = await createKey(directory.join("client"));
  const open = (port?: number) =>
    openSshd({ hostKeys, authorizedKeys: [clientKey.publicKey], mounts, ...(port && { port }) });
  const owned = own.move();
  return {
    open,
    clientKey,
    tries: async () => (await readFile(tries, "utf8").catch(() => "")).length,
    loosen: () => unlink(flag),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("files that could not be removed when the run was over", () => {
  test("are removed by the next daemon when theirs was killed", async () => {
    await using sticky = await openStickyHost();
    await using host = await sticky.open();
    await using home = await openHome(host);
    const id = await start(home.daemon, "echo said; exit 4");
    expect((await read(home.daemon, id)).complete).toMatchObject({ outcome: "exited", exitCode: 4 });
    await until(async () => (await sticky.tries()) > 0);
    await home.daemon.kill("SIGKILL");
    await home.daemon[Symbol.asyncDispose]();
    expect(await durableFilesOf(host.user)).toContain(id);
    await sticky.loosen();
    await using next = await home.open();
    await until(async () => !(await durableFilesOf(host.user)).includes(id));
    // What had ended stays as it was.
    const again = await read(next, id);
    expect([again.text(), again.complete.exitCode]).toEqual(["said\n", 4]);
  });

  test("are removed when their host is back", async () => {
    await using sticky = await openStickyHost();
    await using away = await sticky.open();
    await using home = await openHome({ ...away, clientKey: sticky.clientKey });
    await using daemon = home.daemon;
    const id = await start(daemon, "exit 4");
    await read(daemon, id);
    await until(async () => (await sticky.tries()) > 0);
    await away[Symbol.asyncDispose]();
    await sticky.loosen();
    expect(await durableFilesOf(away.user)).toContain(id);
    await using back = await sticky.open(away.port);
    await until(async () => !(await durableFilesOf(back.user)).includes(id));
  });
});

/** A laptop's sleep: the daemon stands still, and wakes when its connections have been gone for long. */
test.each(["the server gives up waiting", "the connections are cut"])("asleep until %s", async (how) => {
  const options = { ClientAliveInterval: 1, ClientAliveCountMax: 2 };
  await using host = await openSshd(how.startsWith("the server") ? { options } : {});
  await using home = await openHome(host, ["--keepalive-ms", "500"]);
  await using daemon = home.daemon;
  await using source = await openNoisySource(4_194_304, 64, "0.05");
  await using counter = await openCounter();
  const durable = await start(daemon, `${counter.command}; ${source.command}; exit 42`);
  const command = "echo awake; sleep 300";
  const { id } = await daemon.client.call("createRun", { body: { host: "web1", command } });
  const reading = new RunReading();
  const messages = readMessages(await daemon.http.open("GET", `/api/runs/${durable}/events`));
  await reading.until(messages, () => reading.bytes("stdout").length > 500_000);
  await until(async () => (await received(daemon, id)) > 0);

  process.kill(daemon.pid, "SIGSTOP");
  if (how.startsWith("the server")) await host.line(/Timeout, client not responding/);
  else await host.dropConnections();
  // Longer than the three keepalives that a connection is given.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  process.kill(daemon.pid, "SIGCONT");

  await reading.until(messages, ({ type }) => type === "complete");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 42, sha256: source.sha256 });
  expect(reading.bytes("stdout").length).toBe(4_194_304);
  expect(reading.events).toContainEqual(expect.objectContaining({ message: "Reconnecting to web1" }));
  expect(await counter.count()).toBe(1);
  const ordinary = await read(daemon, id);
  expect(ordinary.text()).toBe("awake\n");
  expect(ordinary.complete).toMatchObject({ outcome: "unknown", exitCode: null });
  expect(ordinary.problem.code).toBe("connection_lost");
});

test("a durable run goes on for who runs it, and for who attaches, after its daemon was killed", async () => {
  await using cli = await openCli(sshd);
  const child = cli.start(["run", "--durable", "web1", "--", "echo one; sleep 2; echo two; exit 6"]);
  await seen(child.stdout, "one");
  const discovery = await readFile(`${cli.stateDirectory}/daemon.json`, "utf8");
  process.kill(Number(/"pid":(\d+)/.exec(discovery)?.[1]), "SIGKILL");
  // It starts the next daemon by itself, and goes on.
  const cut = await finish(child);
  expect([cut.status, cut.stderr.toString()]).toEqual([6, ""]);
  const { stdout } = await cli.run(["history", "--json"]);
  const id = /"id":\s*"([0-9a-f-]{36})"/.exec(stdout.toString())?.[1] ?? "";
  const attached = await cli.run(["attach", id]);
  expect([attached.status, attached.stdout.toString()]).toEqual([6, "one\ntwo\n"]);
});

test("a link that is cut while the rest of an ended run comes: it is over with its last byte only", async () => {
  await using home = await openHome();
  const { daemon } = home;
  await using proxy = await openChaosProxy(sshd);
  const { address, port } = proxy;
  const far = { ...hostOf({ ...sshd, address, port }), name: "far", hostKeyPolicy: "acceptNew" } as const;
  await daemon.client.call("createHost", { body: far });
  await using source = await openNoisySource(4_194_304, 1, "0");
  // The command is over long before all of it has come, a megabyte a connection.
  proxy.next({ cutAfter: 1_048_576 });
  const body = { host: "far", command: source.command, durable: true };
  const { id } = await daemon.client.call("createRun", { body });
  const { complete, events } = await read(daemon, id);
  expect(complete).toMatchObject({ outcome: "exited", exitCode: 0, sha256: source.sha256 });
  const again = events.filter((event) => event.type === "status" && event.message === "Reconnected to far");
  expect(again.length).toBeGreaterThanOrEqual(7);
});

test("a daemon that is stopped leaves a durable run alone, and the next one takes its end in", async () => {
  await using home = await openHome();
  await using counter = await openCounter();
  const id = await start(home.daemon, `echo before; sleep 1; echo after; ${counter.command}; exit 5`);
  await until(async () => (await received(home.daemon, id)) > 0);
  await home.daemon[Symbol.asyncDispose]();
  await until(async () => (await counter.count()) === 1);
  await using next = await home.open();
  const reading = await read(next, id);
  expect(reading.text()).toBe("before\nafter\n");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 5 });
});

test("a command that ended in time, while no daemon ran, was not out of time", async () => {
  await using home = await openHome();
  const timeoutMs = 3000;
  const body = { host: "web1", command: "echo before; sleep 0.5; exit 5", durable: true, timeoutMs };
  const { id } = await home.daemon.client.call("createRun", { body });
  await until(async () => (await received(home.daemon, id)) > 0);
  const started = Date.now();
  await home.daemon[Symbol.asyncDispose]();
  await until(() => Promise.resolve(Date.now() - started > timeoutMs));
  await using next = await home.open();
  expect((await read(next, id)).complete).toMatchObject({ outcome: "exited", exitCode: 5 });
});

test("what finds a run again is recorded before its host is dialled", async () => {
  await using home = await openHome();
  const { daemon } = home;
  const dialled = Promise.withResolvers<void>();
  await using silent = await openTcpPeer(() => dialled.resolve());
  const { address, port } = silent;
  await daemon.client.call("createHost", { body: { name: "silent", address, port } });
  const body = { host: "silent", command: "true", durable: true };
  const { id } = await daemon.client.call("createRun", { body });
  await dialled.promise;
  expect(plannedRuns(daemon.stateDirectory).map(({ run }) => run.id)).toEqual([id]);
});

test("a daemon killed at any moment of the start: it runs once and ends so, or never and fails", async () => {
  await using home = await openHome();
  let { daemon } = home;
  const outcomes: string[] = [];
  for (let round = 0; round < 12; round++) {
    await using counter = await openCounter();
    const id = await start(daemon, `${counter.command}; echo done; exit 9`);
    await new Promise((resolve) => setTimeout(resolve, round * 5));
    daemon = await killed(daemon, home.open);
    const { complete } = await read(daemon, id);
    outcomes.push(complete.outcome);
    if (complete.outcome === "exited") expect(complete.exitCode).toBe(9);
    else expect(complete.outcome).toBe("failed");
    expect(await counter.count()).toBe(complete.outcome === "exited" ? 1 : 0);
  }
  await using last = daemon;
  expect(last.pid).toBeGreaterThan(0);
  console.info(`killed while starting: ${outcomes.join(" ")}`);
});

test.each(["link was cut", "daemon was killed"])(
  "a run whose %s is ended by a cancel, for certain",
  async (fault) => {
    await using home = await openHome();
    const mark = String(100_000 + Math.floor(Math.random() * 899_999));
    const id = await start(home.daemon, `echo up; sleep ${mark} & sleep ${mark}`);
    await until(async () => (await received(home.daemon, id)) > 0);
    if (fault === "link was cut") await sshd.dropConnections();
    await using daemon = fault === "link was cut" ? home.daemon : await killed(home.daemon, home.open);
    const reading = new RunReading();
    const messages = readMessages(await daemon.http.open("GET", `/api/runs/${id}/events`));
    await reading.until(
      messages,
      (event) => event.type === "status" && event.message.startsWith("Reconnected"),
    );
    await daemon.client.call("cancelRun", { params: { run: id }, body: { graceMs: 500 } });
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true, signal: "INT" });
    expect(await processesOf(sshd.user, new RegExp(`^sleep ${mark}$`))).toEqual([]);
  },
);

describe("a run whose daemon is killed when the command gets its first signal", () => {
  /** The command itself kills the daemon, which therefore never learns what came of the signal. */
  async function interrupted(then: string, stop: { timeoutMs: number } | { graceMs: number }) {
    await using own = new AsyncDisposableStack();
    const home = own.use(await openHome());
    const { client, http, pid, ended } = home.daemon;
    const command = `trap 'kill -KILL ${pid}; trap - INT; ${then}' INT; echo up; while :; do sleep 0.1; done`;
    const options = "timeoutMs" in stop ? stop : {};
    const body = { host: "web1", command: `exec sh -c "${command}"`, durable: true, ...options };
    const { id } = await client.call("createRun", { body });
    const messages = readMessages(await http.open("GET", `/api/runs/${id}/events`));
    await new RunReading().until(messages, ({ type }) => type === "output");
    // Its answer may not arrive any more.
    if ("graceMs" in stop) void client.call("cancelRun", { params: { run: id }, body: stop }).catch(() => 0);
    expect(await ended).toMatchObject({ signal: "SIGKILL" });
    await home.daemon[Symbol.asyncDispose]();
    const owned = own.move();
    return { id, open: home.open, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }
  const isOver = async (id: string): Promise<boolean> => {
    const status = `/var/tmp/hostrun-${process.getuid?.()}/${id}/status`;
    return (await readFile(status, "utf8").catch(() => "")) !== "";
  };

  test.each([
    ["cancelled", { graceMs: 60_000 }, null],
    ["timedOut", { timeoutMs: 1000 }, "timed_out"],
  ] as const)("is %s, and confirmed to be gone, if it ended by that", async (outcome, stop, code) => {
    await using run = await interrupted("kill -INT $$", stop);
    await until(() => isOver(run.id));
    await using next = await run.open();
    const { complete, events } = await read(next, run.id);
    expect(complete).toMatchObject({ outcome, signal: "INT", exitCode: null, stopConfirmed: true });
    const codes = events.flatMap((event) => (event.type === "error" ? [event.problem.code] : []));
    expect(codes).toEqual(code === null ? [] : [code]);
  });

  test("is ended by the next daemon if it still runs", async () => {
    await using run = await interrupted(":", { graceMs: 60_000 });
    await using next = await run.open();
    const { complete, events } = await read(next, run.id);
    expect(complete).toMatchObject({ outcome: "cancelled", signal: "INT", stopConfirmed: true });
    const cancelling = events.filter((event) => event.type === "status" && event.message === "Cancelling");
    expect(cancelling.length).toBeGreaterThan(0);
  });
});

test("a runner that is killed on the host leaves an unknown ending, and what was said", async () => {
  await using home = await openHome();
  await using daemon = home.daemon;
  const id = await start(daemon, "echo said; sleep 30");
  await until(async () => (await received(daemon, id)) > 0);
  const uid = process.getuid?.() ?? 0;
  process.kill(Number(await readFile(`/var/tmp/hostrun-${uid}/${id}/runner`, "utf8")), "SIGKILL");
  const reading = await read(daemon, id);
  expect(reading.text()).toBe("said\n");
  expect(reading.complete).toMatchObject({ outcome: "unknown", exitCode: null });
  expect(reading.problem.code).toBe("connection_lost");
});

test("a start that reaches the host twice runs once; one that was given up never runs", async () => {
  await using pool = await openSshPool({ trust: [sshd] });
  await using counter = await openCounter();
  const send = async (host: ReturnType<typeof startCommand>): Promise<string> => {
    const started = await pool.start(targetOf(sshd), host.command);
    started.process.stdin.write(host.input);
    return (await started.finished).stdout.toString();
  };
  const names = [1, 2, 3, 4].map(() => randomBytes(8).toString("hex"));
  const [once = "", never = "", slow = "", slower = ""] = names;
  const on = (id: string) => ({ id, directory: null, isOwn: true });
  const uid = process.getuid?.() ?? 0;
  const line = `${counter.command}; sleep 0.3`;
  const input = { commandLine: () => ({ line, before: "", inputs: [] }), stdin: null };
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => send(startCommand(on(once), "aa", input, "bourne"))),
  );
  expect(answers.filter((answer) => answer.startsWith("hostrun-aa:there:"))).toHaveLength(3);
  expect(await counter.count()).toBe(1);
  const nowhere = { stdout: 0, stderr: 0, hash: false };
  expect(await send(followCommand(on(never), "bb", nowhere))).toMatch(/^hostrun-bb:never:/);
  expect(await send(startCommand(on(never), "cc", input, "bourne"))).toMatch(/^hostrun-cc:there:/);
  expect(await counter.count()).toBe(1);

  // Given up while the host still waits for what it is to run, or has just got it.
  const givenUp = async (name: string, giveUp: () => Promise<unknown>): Promise<void> => {
    const late = startCommand(on(name), "dd", input, "bourne");
    const starting = await pool.start(targetOf(sshd), late.command);
    await until(async () => (await readdir(`/var/tmp/hostrun-${uid}`)).includes(name));
    await giveUp();
    starting.process.stdin.write(late.input);
    expect((await starting.finished).stdout.toString()).toMatch(/^hostrun-dd:ready:.*\nhostrun-dd:never:/);
    expect(await counter.count()).toBe(1);
  };
  await givenUp(slow, async () => {
    expect(await send(followCommand(on(slow), "ee", nowhere))).toMatch(/^hostrun-ee:never:/);
  });
  await givenUp(slower, () => mkdir(`/var/tmp/hostrun-${uid}/${slower}/go`));
  for (const name of names) await rm(`/var/tmp/hostrun-${uid}/${name}`, { recursive: true });
});
