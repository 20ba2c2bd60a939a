import { access, chmod, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDirectory } from "../support/directory.ts";
import {
  type HostedDaemon,
  openHostedDaemon,
  openStream,
  type RunOptions,
} from "../support/hosted-daemon.ts";
import { ownedProcesses, processesOf } from "../support/processes.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { createKey } from "../support/ssh-key.ts";
import { byWorker, startByWorker } from "../support/worker-runs.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

await using starting = new AsyncDisposableStack();
const user = starting.use(await openUnixUser());
/** Without any worker of the daemon that all others share. */
const other = starting.use(await openUnixUser());
// Without SHLVL: then bash reads ~/.bashrc, as it does under sshd.
const sshd = { options: { SetEnv: "HOSTRUN_TEST=1", AcceptEnv: "WORKER_*" } };
const daemon = starting.use(await openHostedDaemon({ sshd, host: { user: user.name } }));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const bashrc = [
  "sleep 0.08",
  "export EXPORTED=one",
  "plain=two",
  "declare -A map=([a]=1 [b]='x y')",
  "greet() { cat <<END",
  "hello $1",
  "END",
  "}",
  "alias ll='ls -l'",
  "shopt -s extglob",
  'PATH="$PATH:/opt/of-its-own"',
  "umask 027",
  "",
].join("\n");

async function write({ home }: UnixUser, text: string): Promise<void> {
  await writeFile(join(home, ".bashrc"), text);
}

/**
 * Runs a command until a worker runs it: it is not asked where files have changed since, which a test beside this one does
 * by an account that it creates.
 */
async function runByWorker(command: string, options: RunOptions = {}): Promise<RunReading> {
  for (let tries = 0; tries < 200; tries += 1) {
    const run = await daemon.run(command, options);
    if (byWorker(run)) return run;
  }
  throw new Error("No worker was started.");
}

/** Runs something until a worker runs it. */
async function awaitWorker(options: RunOptions = {}): Promise<void> {
  await runByWorker("true", options);
}

async function seen(command: string, options: RunOptions): Promise<unknown> {
  return outcomeOf(await daemon.run(command, options));
}

/** A command that ends only by KILL, with a child in a group of its own. */
const stubborn = "trap '' INT TERM; set -m; sleep 77.7 & set +m; echo began; while :; do sleep 77.7; done";

/** What runs on this machine, the host, as an account; one line each. */
async function commandsOf(account: string): Promise<string> {
  const own = (await ownedProcesses()).filter((each) => each.user === account);
  return own
    .map(({ args }) => args)
    .filter((args) => !args.startsWith("sshd:"))
    .join("\n");
}

/** What a person sees of a run. */
function outcomeOf(run: RunReading): unknown {
  const { outcome, exitCode, signal, sha256 } = run.complete;
  return { outcome, exitCode, signal, sha256, stdout: run.text(), stderr: run.text("stderr") };
}

const commands = [
  "true",
  "exit 3",
  "exit 143",
  "kill -TERM $$",
  "kill -KILL $$",
  "nosuchcommand",
  "echo one; echo two >&2; exit 7",
  "echo $EXPORTED $plain ${map[b]} $PATH; greet you; type ll; shopt extglob; umask",
  "echo $0 $- $# $SHLVL $LINENO; echo 1",
  "printf 'a\\0b\\377'; printf '\\376' >&2",
  "printf 'no newline'",
  "head -c 3000000 /dev/zero | tr '\\0' x",
  "cat; read x; echo $?",
  "echo 'open",
  "if",
  "exec nosuch",
  "set -e; false; echo never",
  "trap 'echo end' EXIT; exit 4",
  "(sleep 0.3; echo late) & exit 6",
  "setsid sh -c 'sleep 0.2; echo held' & exit 5",
  "p() { echo p 1 2; echo z 1; echo x 1 0 0; }; p; p >&2",
  "cd /; pwd; cd nosuch",
  "ls /proc/self/fd | wc -l",
  "yes | head -n 3",
];

describe("a worker", () => {
  beforeAll(() => write(user, bashrc));

  test.each(commands)("runs %s as a login shell does", async (command) => {
    await awaitWorker();
    const plain = await seen(command, { worker: "off" });
    const run = await runByWorker(command);
    expect(outcomeOf(run)).toEqual(plain);
  });

  test("runs in a directory, by bash and in a login shell as they are asked for", async () => {
    await awaitWorker();
    for (const options of [{ cwd: "/usr/lib" }, { useBash: true }, { loginShell: true }]) {
      const plain = await seen("pwd; echo $-; shopt login_shell", { ...options, worker: "off" });
      const run = await runByWorker("pwd; echo $-; shopt login_shell", options);
      expect(outcomeOf(run)).toEqual(plain);
    }
  });

  test("runs nothing on a host that is to have none", async () => {
    await awaitWorker();
    const set = (worker: "auto" | "off") =>
      daemon.client.call("updateHost", { params: { host: "web1" }, body: { worker } });
    await set("off");
    for (let count = 0; count < 3; count += 1) expect(byWorker(await daemon.run("true"))).toBe(false);
    await set("auto");
    await runByWorker("true");
  });

  test("is not asked for what needs a session of its own", async () => {
    await awaitWorker();
    for (const options of [{ pty: true }, { env: { A: "b" } }, { durable: true }]) {
      expect(byWorker(await daemon.run("true", options))).toBe(false);
    }
  });

  test("runs commands side by side", async () => {
    const together = async (): Promise<RunReading[]> => {
      await awaitWorker();
      return Promise.all(
        Array.from({ length: 12 }, (_, index) => daemon.run(`sleep 0.2; echo ${index} $PPID`)),
      );
    };
    let runs = await together();
    for (let tries = 0; tries < 50 && !runs.every(byWorker); tries += 1) runs = await together();
    const said = runs.map((run) => run.text().trim().split(" "));
    expect(said.map(([index]) => index)).toEqual(runs.map((_, index) => String(index)));
    // More than one worker has not been needed by many others.
    expect(new Set(said.map(([, worker]) => worker)).size).toBeLessThan(4);
    expect(runs.every(byWorker)).toBe(true);
  });

  test("is not held up by a command whose reader takes nothing", async () => {
    const { run: waiting, messages } = await startByWorker(
      daemon,
      "yes",
      { recordLimitBytes: 100_000 },
      "?follow=all",
    );
    const runs = await Promise.all(Array.from({ length: 12 }, () => daemon.run("echo on; sleep 0.1")));
    expect(runs.map((run) => run.text())).toEqual(runs.map(() => "on\n"));
    // It was still waited for: nothing is missing of what it has not read.
    await daemon.client.call("cancelRun", { params: { run: waiting.id } });
    await waiting.until(messages, ({ type }) => type === "complete");
    expect(waiting.of("gap")).toEqual([]);
    expect(waiting.complete.outcome).toBe("cancelled");
  });

  test.each([
    ["cancelled", {}],
    ["timedOut", { timeoutMs: 300 }],
  ])("has a command %s with all that it began", async (outcome, options) => {
    await awaitWorker();
    const { run, messages } = await startByWorker(daemon, stubborn, options);
    if (outcome === "cancelled") {
      await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 300 } });
    }
    await run.until(messages, ({ type }) => type === "complete");
    expect(run.complete).toMatchObject({ outcome });
    expect(await commandsOf(user.name)).not.toContain("77.7");
    await awaitWorker();
  });

  test("that is killed leaves a run of which nothing is known, and is followed by another", async () => {
    await awaitWorker();
    const run = await daemon.run("kill -9 $PPID; sleep 5");
    expect(run.complete).toMatchObject({ outcome: "unknown", exitCode: null });
    await awaitWorker();
  });

  test("that does not answer has its command run no second time", async () => {
    await awaitWorker();
    const marker = join(user.home, "ran");
    const workers = await processesOf(user.name, /^hostrun-worker$/);
    for (const pid of workers) process.kill(pid, "SIGSTOP");
    const running = daemon.run(`echo ran >> ${marker}`);
    await expect.poll(() => daemon.client.call("stats").then(({ runs }) => runs.connecting)).toBe(1);
    for (const pid of workers) process.kill(pid, "SIGKILL");
    expect((await running).complete).toMatchObject({ outcome: "unknown", exitCode: null });
    await awaitWorker();
    await expect(access(marker)).rejects.toThrow("ENOENT");
  });

  test("that begins late with a command that was cancelled meanwhile has it ended", async () => {
    await awaitWorker();
    const workers = await processesOf(user.name, /^hostrun-worker$/);
    for (const pid of workers) process.kill(pid, "SIGSTOP");
    const run = new RunReading();
    const messages = readMessages(await daemon.stream("sleep 77.8; echo never"));
    await run.until(messages, ({ type }) => type === "status");
    await expect.poll(() => daemon.client.call("stats").then(({ runs }) => runs.connecting)).toBe(1);
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
    await run.until(messages, ({ type }) => type === "complete");
    expect(run.complete.outcome).toBe("cancelled");
    for (const pid of workers) process.kill(pid, "SIGCONT");
    await awaitWorker();
    await expect.poll(() => commandsOf(user.name), { timeout: 20_000 }).not.toContain("77.8");
  });

  test("is not asked any more by whom another key lets in", async () => {
    const directory = await openDirectory();
    onTestFinished(() => directory[Symbol.asyncDispose]());
    const path = directory.join("key");
    await copyFile(daemon.sshd.clientKey.path, path);
    await chmod(path, 0o600);
    await daemon.client.call("updateHost", { params: { host: "web1" }, body: { identityFile: path } });
    await awaitWorker();
    const key = await createKey(directory.join("forced"));
    await daemon.sshd.authorize(`command="echo forced" ${key.publicKey}`);
    await copyFile(key.path, path);
    const run = await daemon.run("echo free");
    expect([run.text(), byWorker(run)]).toEqual(["forced\n", false]);
    const { path: identityFile } = daemon.sshd.clientKey;
    await daemon.client.call("updateHost", { params: { host: "web1" }, body: { identityFile } });
  });

  test("is not asked any more when start files have changed", async () => {
    await awaitWorker();
    await write(user, bashrc.replace("EXPORTED=one", "EXPORTED=changed"));
    const run = await daemon.run("echo $EXPORTED");
    expect([run.text(), byWorker(run)]).toEqual(["changed\n", false]);
    await write(user, bashrc);
  });

  test("waits with its command's output for a reader who wants all of it", async () => {
    await awaitWorker();
    const command =
      "head -c 30000000 /dev/urandom | tee /tmp/hostrun-worker-$UID | sha256sum >&2; cat /tmp/hostrun-worker-$UID; rm /tmp/hostrun-worker-$UID";
    const run = await runByWorker(command, { recordLimitBytes: 100_000_000 });
    expect(run.text("stderr")).toBe(`${run.complete.sha256.stdout}  -\n`);
  });
});

describe("no worker, and no process", () => {
  /** What start files may do that a fresh shell would not do again, or that nobody can be sure of. */
  const hazards = {
    "that print": "echo welcome",
    "that complain": "echo no locale >&2",
    "that set options": "set -u",
    "that trace": "set -x",
    "that set a trap": "trap 'echo bye' EXIT",
    "that split words another way": "IFS=:",
    "that redefine builtin and echo": "builtin() { :; }; echo() { :; }; declare() { :; }",
    "that disable builtins": "enable -n builtin declare compgen shopt echo",
    "that redefine exec": "exec() { sleep 0.01; }",
    "that move standard output": "exec 1>&2",
    "that become another shell": 'exec sh -c "$BASH_EXECUTION_STRING"',
    "with a file for each bash": "export BASH_ENV=~/.bash_env; echo 'echo env' > ~/.bash_env",
    "that disable declare": "enable -n declare",
    "that redefine declare": "own=1; declare() { :; }",
    "with a variable that no one may set": "readonly _=x 2>/dev/null; readonly hostrun_last=x",
  };

  test.each(Object.entries(hazards))("is left behind start files %s", async (_, line) => {
    await write(other, `sleep 0.05\n${line}\n`);
    await using own = await openHostedDaemon({ sshd, host: { user: other.name } });
    const runs: RunReading[] = [];
    for (let index = 0; index < 8; index += 1) {
      runs.push(await new RunReading().follow(await openStream(own, "echo it runs; exit 3")));
    }
    expect(runs.filter(byWorker)).toEqual([]);
    expect(new Set(runs.map(({ complete }) => complete.exitCode)).size).toBe(1);
    expect(await readFile(join(own.stateDirectory, "daemon.log"), "utf8")).not.toContain('"stack"');
    await expect.poll(() => commandsOf(other.name), { timeout: 20_000 }).toBe("");
  });
});

test("where start files have been mended a worker is begun after all", async () => {
  await write(other, "sleep 0.05\necho printed\n");
  await using own = await openHostedDaemon({ sshd, host: { user: other.name } });
  const isByWorker = async (): Promise<boolean> =>
    byWorker(await new RunReading().follow(await openStream(own, "true")));
  const log = (): Promise<string> => readFile(join(own.stateDirectory, "daemon.log"), "utf8");
  const refused = async (): Promise<boolean> =>
    !(await isByWorker()) && (await log()).includes("gets no worker for now");
  await expect.poll(refused, { timeout: 30_000 }).toBe(true);
  await write(other, bashrc);
  await expect.poll(isByWorker, { timeout: 50_000 }).toBe(true);
});

/** A daemon of its own whose commands a worker begins. */
async function openWithWorker(): Promise<HostedDaemon> {
  await write(other, bashrc);
  const own = await openHostedDaemon({ sshd, host: { user: other.name } });
  for (let tries = 0; tries < 200; tries += 1) {
    if (byWorker(await new RunReading().follow(await openStream(own, "true")))) break;
  }
  return own;
}

test("what a worker was given when the daemon stopped may have run", async () => {
  await using own = await openWithWorker();
  const workers = await processesOf(other.name, /^hostrun-worker$/);
  for (const pid of workers) process.kill(pid, "SIGSTOP");
  const run = new RunReading();
  const messages = readMessages(await openStream(own, "sleep 0.1"));
  await run.until(messages, ({ type }) => type === "status");
  await expect.poll(() => own.client.call("stats").then(({ runs }) => runs.connecting)).toBe(1);
  await own.client.call("shutdown", { body: {} });
  await run.until(messages, ({ type }) => type === "complete");
  for (const pid of workers) process.kill(pid, "SIGCONT");
  expect(run.complete).toMatchObject({ outcome: "unknown", exitCode: null });
});

test("a worker goes with a daemon that is killed", async () => {
  await using own = await openWithWorker();
  expect(await commandsOf(other.name)).toContain("hostrun-worker");
  process.kill(own.pid, "SIGKILL");
  await expect.poll(() => commandsOf(other.name), { timeout: 20_000 }).not.toContain("hostrun-worker");
});

test("variables that the SSH config has sent are those of a worker's commands, and a change is another worker", async () => {
  const config = join(daemon.home, ".ssh/config");
  onTestFinished(() => rm(config));
  for (const value of ["one", "two"]) {
    await writeFile(config, `Host *\n  SetEnv WORKER_SET=${value}\n`);
    await awaitWorker();
    const run = await runByWorker('echo "$WORKER_SET"');
    expect(run.text()).toBe(`${value}\n`);
  }
});
