import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finish, openCli, seen } from "../support/cli.ts";
import { openCounter } from "../support/counter.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { durableFilesOf, openNoisySource, until } from "../support/durable.ts";
import { hostOf, openHostedDaemon, openStream, type HostedDaemon } from "../support/hosted-daemon.ts";
import { openDropbear } from "../support/other-servers.ts";
import { processesOf } from "../support/processes.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
let daemon: HostedDaemon;
let user: UnixUser;

/** Login shells of the ordinary user, beside root's own; those that are not installed are left out. */
const shells = ["/bin/bash", "/bin/dash", "/usr/bin/zsh", "/usr/bin/fish", "/usr/bin/tcsh"].filter(
  existsSync,
);

beforeAll(async () => {
  user = stack.use(await openUnixUser());
  daemon = stack.use(await openHostedDaemon());
  const name = "ordinary";
  await daemon.client.call("createHost", { body: { ...hostOf({ ...daemon.sshd, user: user.name }), name } });
});
afterAll(() => stack.disposeAsync());

/** A connection keeps the shell that its login had when it was opened. */
async function useShell(shell: string): Promise<void> {
  await run("usermod", ["-s", shell, user.name]);
  await daemon.sshd.dropConnections();
}

const durable = async (host: string, command: string, options: object = {}): Promise<RunReading> =>
  new RunReading().follow(await openStream(daemon, command, { host, durable: true, ...options }));

/** Root by its own shell, and the ordinary user by each. */
const logins = [
  { host: "web1", shell: "/bin/bash" },
  ...shells.map((shell) => ({ host: "ordinary", shell })),
];

describe.each(logins)("$host, $shell", ({ host, shell }) => {
  beforeAll(async () => {
    if (host === "ordinary") await useShell(shell);
  });
  const login = (): string => (host === "web1" ? daemon.sshd.user : user.name);

  test("exit code, both streams and standard input, and nothing stays behind", async () => {
    const command = "/bin/sh -c 'cat; echo oops >&2; umask; exit 7'";
    const reading = await durable(host, command, { stdin: "given\nä\0z" });
    expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 7 });
    expect(reading.text()).toMatch(/^given\nä\0z0?022\n$/);
    expect(reading.text("stderr")).toBe("oops\n");
    await until(async () => !(await durableFilesOf(login())).includes(reading.id));
  });

  test("it is run by the login shell, whatever the command holds", async () => {
    const { stdout } = await run("id", ["-u", login()]);
    const text = `it's "$HOME" \\ ! ${"ü".repeat(20_000)}`;
    const quoted = `'${text.replace(/['\\!]/g, (character) => `'\\${character}'`)}'`;
    const reading = await durable(host, `printf %s ${quoted}\nid -u\n\n`);
    expect(reading.text()).toBe(`${text}${stdout}`);
    expect(reading.complete.exitCode).toBe(0);
  });

  test("a cut link, three times, loses and repeats nothing, and the command runs once", async () => {
    const cuts = [2, 5, 10];
    await using source = await openNoisySource(2_097_152, 16, "0.1", cuts);
    await using counter = await openCounter();
    const stream = await openStream(daemon, `${counter.command}; ${source.command}; exit 3`, {
      host,
      durable: true,
    });
    const reading = new RunReading();
    const messages = readMessages(stream);
    await reading.until(messages, (event) => event.type === "output");
    const ownTail = new RegExp(`^tail -c \\+\\d+ -f /var/tmp/hostrun-\\d+/${reading.id}/`);
    expect(await processesOf(login(), ownTail)).not.toEqual([]);
    for (const cut of cuts) {
      // The beginning of a character waits for the rest of it.
      const isThere = () => reading.bytes("stdout").length > cut * 131_072 - 4;
      await reading.until(messages, (event) => event.type === "output" && isThere());
      await daemon.sshd.dropConnections();
      await source.release(cut);
    }
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3, sha256: source.sha256 });
    expect(reading.events).toContainEqual(
      expect.objectContaining({ type: "status", message: `Reconnecting to ${host}`, state: "running" }),
    );
    expect(await counter.count()).toBe(1);
    await until(async () => (await processesOf(login(), ownTail)).length === 0);
  });

  test("cancelling ends the whole group on the host", async () => {
    const seconds = String(100_000 + Math.floor(Math.random() * 899_999));
    const stream = await openStream(daemon, `/bin/sh -c 'sleep ${seconds} & echo up; sleep ${seconds}'`, {
      host,
      durable: true,
    });
    const reading = new RunReading();
    const messages = readMessages(stream);
    await reading.until(messages, ({ type }) => type === "output");
    const id = reading.events[0]?.runId ?? "";
    await daemon.client.call("cancelRun", { params: { run: id }, body: { graceMs: 1000 } });
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    expect(await processesOf(login(), new RegExp(`^sleep ${seconds}$`))).toEqual([]);
  });
});

test("a command heeds SIGINT, as it does without durable", async () => {
  await useShell("/bin/bash");
  const reading = await durable("ordinary", "/bin/sh -c 'kill -INT $$; echo deaf'; true");
  expect(reading.text()).not.toContain("deaf");
});

test("an account that runs no commands: a clear problem, and nothing has run", async () => {
  await useShell("/usr/sbin/nologin");
  const reading = await durable("ordinary", "true");
  await useShell("/bin/bash");
  expect(reading.complete.outcome).toBe("failed");
  expect(reading.problem.code).toBe("channel_refused");
  expect(reading.problem.message).toContain("/bin/sh");
});

test("dropbear", async () => {
  await using dropbear = await openDropbear();
  const body = { ...hostOf(dropbear), name: "dropbear", hostKeyPolicy: "acceptNew" } as const;
  await daemon.client.call("createHost", { body });
  const reading = await durable("dropbear", "cat; echo err >&2; exit 3", { stdin: "in" });
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
  expect([reading.text(), reading.text("stderr")]).toEqual(["in", "err\n"]);
});

test("hostrun run --durable has the output and the exit status of a command whose link was cut", async () => {
  await using cli = await openCli(daemon.sshd);
  const go = join(daemon.home, "cut-and-seen");
  const command = `echo one; while [ ! -e '${go}' ]; do sleep 0.1; done; echo two; exit 6`;
  const child = cli.start(["run", "-v", "--durable", "web1", "--", command]);
  await seen(child.stdout, "one");
  await daemon.sshd.dropConnections();
  await seen(child.stderr, "Reconnecting to web1");
  await writeFile(go, "");
  const { status, stdout } = await finish(child);
  expect(status).toBe(6);
  // What was waited for is not collected again.
  expect(stdout.toString()).toContain("two\n");
});

test("time runs out for a durable run, too", async () => {
  const reading = await durable("ordinary", "sleep 600", { timeoutMs: 500 });
  expect(reading.complete).toMatchObject({ outcome: "timedOut", stopConfirmed: true });
});

test("the record's limit holds, and the hash is of every byte", async () => {
  await using source = await openNoisySource(262_144, 4, "0");
  const reading = await durable("web1", source.command, { recordLimitBytes: 1000 });
  expect(reading.complete).toMatchObject({ sha256: source.sha256, stdoutBytes: 262_144 });
  // The last part is dropped by the piece: a little less than the limit is kept, never more.
  const kept = 2 * 262_144 - reading.complete.truncatedBytes;
  expect(kept).toBeLessThanOrEqual(1000);
  expect(kept).toBeGreaterThan(900);
});

test("files that were left a week ago are swept, those of a run that goes on are not", async () => {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
  const weekAgo = Date.now() / 1000 - 8 * 86_400;
  const uid = process.getuid?.() ?? 0;
  const leave = async (name: string, files: Readonly<Record<string, string>>, at = weekAgo) => {
    const left = `/var/tmp/hostrun-${uid}/${name}-${process.pid}`;
    await mkdir(left, { recursive: true, mode: 0o700 });
    for (const [file, content] of Object.entries(files)) await writeFile(`${left}/${file}`, content);
    await utimes(left, at, at);
    return `${name}-${process.pid}`;
  };
  const alive = { runner: `${process.pid}\n` };
  const swept = [
    await leave("never-begun", {}),
    await leave("runner-gone", { runner: "4194305\n", boot, status: "0\n" }),
    // Since the host was started again, that number is another process'.
    await leave("earlier-boot", { ...alive, boot: "something else\n" }),
  ];
  const kept = [
    await leave("goes-on", { ...alive, boot }),
    await leave("yesterday", {}, Date.now() / 1000 - 86_400),
  ];
  await durable("web1", "true");
  await until(async () => !(await durableFilesOf(daemon.sshd.user)).some((name) => swept.includes(name)));
  expect(await durableFilesOf(daemon.sshd.user)).toEqual(expect.arrayContaining(kept));
  for (const name of kept) await rm(`/var/tmp/hostrun-${uid}/${name}`, { recursive: true });
});

describe("where /var/tmp/hostrun-UID is not the account's own", () => {
  /** What another account, or the account itself, may have made of it. */
  const taken: Readonly<Record<string, (path: string, stranger: UnixUser) => Promise<unknown>>> = {
    "another account's": async (path, stranger) => {
      await mkdir(path, { mode: 0o777 });
      await run("chown", [stranger.name, path]);
    },
    "open to others": async (path) => {
      await mkdir(path);
      await chmod(path, 0o777);
    },
    "a symbolic link": async (path) => symlink("/tmp", path),
    "a file": async (path) => writeFile(path, ""),
  };
  test.each(Object.keys(taken))(
    "%s: it is kept in the home, and found again by the next daemon",
    async (what) => {
      await using stranger = await openUnixUser();
      await using account = await openUnixUser();
      const path = `/var/tmp/hostrun-${account.uid}`;
      await rm(path, { recursive: true, force: true });
      await taken[what]?.(path, stranger);
      await using directory = await openDirectory();
      const stateDirectory = directory.join("state");
      const home = directory.join("home");
      const body = { ...hostOf({ ...daemon.sshd, user: account.name }), name: "taken" } as const;
      await using counter = await openCounter();
      const command = `${counter.command}; echo begun; until [ -e ${account.home}/go ]; do sleep 0.05; done; exit 3`;
      let id = "";
      {
        await using first = await openTestDaemon({ home, stateDirectory });
        await first.client.call("createHost", { body: { ...body, hostKeyPolicy: "acceptNew" } });
        const reading = new RunReading();
        const messages = readMessages(await openStream(first, command, { host: "taken", durable: true }));
        await reading.until(messages, (event) => event.type === "output");
        id = reading.id;
        const told = `keeps this run in ${account.home}/.hostrun`;
        expect(reading.of("status").some(({ message }) => message.includes(told))).toBe(true);
        expect(await readdir(join(account.home, ".hostrun"))).toEqual([id]);
      }
      // By then the place of the first choice is free: where the run is has not changed by that.
      await rm(path, { recursive: true });
      await using second = await openTestDaemon({ home, stateDirectory });
      const later = second.http.open("GET", `/api/runs/${id}/events`);
      await writeFile(join(account.home, "go"), "");
      const reading = await new RunReading().follow(await later);
      expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
      expect(reading.text()).toBe("begun\n");
      expect(await counter.count()).toBe(1);
      await until(async () => (await readdir(join(account.home, ".hostrun"))).length === 0);
      await rm(path, { recursive: true, force: true });
    },
  );

  test("nor the one in the home: a clear problem, and nothing has run", async () => {
    await using account = await openUnixUser();
    const path = `/var/tmp/hostrun-${account.uid}`;
    await rm(path, { recursive: true, force: true });
    await mkdir(path);
    await mkdir(join(account.home, ".hostrun"), { mode: 0o755 });
    const body = { ...hostOf({ ...daemon.sshd, user: account.name }), name: "both" };
    await daemon.client.call("createHost", { body });
    await using counter = await openCounter();
    const reading = await durable("both", counter.command);
    expect(reading.complete.outcome).toBe("failed");
    expect(reading.problem.code).toBe("channel_refused");
    expect(reading.problem.message).toContain(".hostrun");
    expect(await counter.count()).toBe(0);
    await rm(path, { recursive: true });
  });
});

test.each([{ pty: true }, { stdinOpen: true }])("%o is refused", async (option) => {
  const json = { host: "web1", command: "true", durable: true, ...option };
  const answer = await daemon.http.ask("POST", "/api/runs", { json });
  expect(answer.status).toBe(400);
});
