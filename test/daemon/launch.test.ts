import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { isAlive } from "../../client/liveness.ts";
import { parseDiscovery, placeTakenStatus } from "../../protocol/discovery.ts";
import { Problem } from "../../protocol/problem.ts";
import { builtDaemon } from "../support/cli.ts";
import { type Directory, openDirectory } from "../support/directory.ts";

// The daemon refuses settings that it does not know, and the test run has variables of its own.
for (const name of Object.keys(process.env)) if (name.startsWith("HOSTRUN_")) delete process.env[name];

const pids = new Set<number>();

afterEach(async () => {
  for (const pid of pids) await end(pid, "SIGKILL");
  pids.clear();
});

/** Sends the signal and waits until the process is gone. */
async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  if (isAlive(pid)) process.kill(pid, signal);
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function start(directory: Directory, daemonScript = builtDaemon) {
  const daemon = await openDaemon({ stateDirectory: directory.join("state"), daemonScript });
  pids.add(daemon.health.pid);
  return daemon;
}

async function failureOf(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (failure) {
    if (failure instanceof Problem) return failure;
    throw failure;
  }
  throw new Error("It did not fail.");
}

/** Another process that finds or starts the daemon; prints the pid that the daemon answers with. */
function opener(stateDirectory: string): ChildProcess & { stdout: NonNullable<ChildProcess["stdout"]> } {
  const module = new URL("../../client/daemon.ts", import.meta.url).href;
  const options = JSON.stringify({ stateDirectory, daemonScript: builtDaemon });
  const script = `
    const { openDaemon } = await import(${JSON.stringify(module)});
    console.log("ready");
    process.stdin.once("data", async () => {
      await using daemon = await openDaemon(${options});
      console.log((await daemon.call("health")).pid);
      process.stdin.destroy();
    });
  `;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

test("what asks, and what starts something, goes on to the next daemon where this one has ended; nothing else does", async () => {
  await using directory = await openDirectory();
  await using daemon = await start(directory);
  const stop = async (): Promise<number> => {
    const { pid } = daemon.health;
    await end(pid, "SIGTERM");
    return pid;
  };
  const body = { targets: ["all"] };
  const first = await stop();
  expect(await failureOf(daemon.call("listHosts"))).toMatchObject({ members: { reason: "not_running" } });
  expect(await daemon.ask("resolveTargets", { body })).toEqual({
    hosts: [],
    production: [],
    unknown: ["all"],
  });
  pids.add(daemon.health.pid);
  const second = await stop();
  const host = { name: "a", address: "127.0.0.9" };
  const refused = failureOf(daemon.call("createJob", { body: { ...body, command: "true" } }));
  expect((await refused).message).toContain("no host for all");
  pids.add(daemon.health.pid);
  expect(new Set([first, second, daemon.health.pid]).size).toBe(3);
  expect(await daemon.call("createHost", { body: host })).toMatchObject(host);
});

test("ten processes at once start one daemon, which answers all of them", async () => {
  await using directory = await openDirectory();
  const children = Array.from({ length: 10 }, () => opener(directory.join("state")));
  const outputs = children.map(() => "");
  await Promise.all(
    children.map(async (child, index) => {
      child.stdout.on("data", (chunk: Buffer) => {
        outputs[index] += chunk.toString();
      });
      await once(child.stdout, "data");
    }),
  );
  for (const child of children) child.stdin?.write("go\n");
  const codes = await Promise.all(children.map(async (child) => Number((await once(child, "close"))[0])));
  const answers = new Set(outputs.map((output) => Number(output.split("\n")[1])));
  for (const pid of answers) pids.add(pid);
  expect(codes).toEqual(children.map(() => 0));
  expect(answers.size).toBe(1);
  const log = await readFile(directory.join("state", "daemon.log"), "utf8");
  expect(log.match(/The daemon is ready/g)).toHaveLength(1);
  expect(await readdir(directory.join("state"))).not.toContain("daemon.lock");
});

test("after kill -9 the next client starts a new one over what was left", async () => {
  await using directory = await openDirectory();
  await using first = await start(directory);
  await end(first.health.pid, "SIGKILL");
  expect(existsSync(directory.join("state", "daemon.json"))).toBe(true);
  expect(existsSync(directory.join("state", "daemon.sock"))).toBe(true);
  await using second = await start(directory);
  expect(second.health.pid).not.toBe(first.health.pid);
  expect((await second.call("health")).pid).toBe(second.health.pid);
});

test("what was left of another daemon, lock included, is in nobody's way", async () => {
  await using directory = await openDirectory();
  await using first = await start(directory);
  const { discovery } = first;
  await end(first.health.pid, "SIGKILL");
  // The pid of a living process that is no daemon, as after a restart of the machine.
  const stale = { ...discovery, pid: process.pid };
  await writeFile(directory.join("state", "daemon.json"), JSON.stringify(stale));
  const lock = { pid: first.health.pid, at: Date.now(), nonce: "left" };
  await writeFile(directory.join("state", "daemon.lock"), JSON.stringify(lock));
  await using second = await start(directory);
  expect(second.discovery.pid).toBe(second.health.pid);
  const written: unknown = JSON.parse(await readFile(directory.join("state", "daemon.json"), "utf8"));
  expect(parseDiscovery(written)).toEqual(second.discovery);
});

test("a damaged daemon.json costs nothing where no daemon runs", async () => {
  await using directory = await openDirectory();
  await mkdir(directory.join("state"), { mode: 0o700 });
  await writeFile(directory.join("state", "daemon.json"), "{}", { mode: 0o600 });
  await using daemon = await start(directory);
  expect((await daemon.call("health")).pid).toBe(daemon.health.pid);
});

test("no second daemon starts where daemon.json is damaged beside a living one", async () => {
  await using directory = await openDirectory();
  await using first = await start(directory);
  await writeFile(directory.join("state", "daemon.json"), "{}");
  const failure = await failureOf(start(directory));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "damaged" } });
  expect(failure.message).toContain(`(process ${first.health.pid}), but`);
  expect(failure.message).toContain("daemon.json is damaged");
  // Where it cannot be reached either, the daemon that is started finds the lock taken.
  await rename(directory.join("state", "daemon.sock"), directory.join("state", "moved.sock"));
  const unreached = await failureOf(start(directory));
  expect(unreached).toMatchObject({ code: "daemon_unreachable", members: { reason: "damaged" } });
  expect(unreached.message).toContain("shows its process");
  await rename(directory.join("state", "moved.sock"), directory.join("state", "daemon.sock"));
  expect((await first.call("health")).pid).toBe(first.health.pid);
  const log = await readFile(directory.join("state", "daemon.log"), "utf8");
  expect(log.match(/The daemon is ready/g)).toHaveLength(1);
});

test("a daemon that runs is found, and outlives who started it", async () => {
  await using directory = await openDirectory();
  const child = opener(directory.join("state"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output === "ready\n") child.stdin?.write("go\n");
  });
  await once(child, "close");
  await using daemon = await start(directory);
  expect(output).toBe(`ready\n${daemon.health.pid}\n`);
});

test("a daemon that dies at the start is told with what it wrote last", async () => {
  await using directory = await openDirectory();
  const script = directory.join("broken.cjs");
  await writeFile(script, "console.error('the disk is on fire'); process.exit(7);");
  const failure = await failureOf(start(directory, script));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "died" } });
  expect(failure.message).toContain("status 7");
  expect(failure.members.written).toEqual(["the disk is on fire"]);
  expect(failure.message).toContain(directory.join("state", "daemon.log"));
});

test("a daemon that is never ready is given up at the deadline, and its files are left alone", async () => {
  await using directory = await openDirectory();
  const script = directory.join("slow.cjs");
  await writeFile(script, "console.log(process.pid); setInterval(() => 0, 1000);");
  const failure = await failureOf(
    openDaemon({ stateDirectory: directory.join("state"), daemonScript: script, deadlineMs: 300 }),
  );
  const log = directory.join("state", "daemon.log");
  // It may not have got as far by the deadline. The number 0 would be this process' own group.
  await expect.poll(async () => Number(await readFile(log, "utf8"))).toBeGreaterThan(0);
  pids.add(Number(await readFile(log, "utf8")));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "late" } });
});

test("a socket on which something listens is never deleted, even if it is silent", async () => {
  await using directory = await openDirectory();
  await using first = await start(directory);
  await end(first.health.pid, "SIGKILL");
  const socket = directory.join("state", "daemon.sock");
  const mute = createServer(() => undefined);
  await using placed = await openDirectory();
  mute.listen(placed.join("s"));
  await once(mute, "listening");
  await rename(placed.join("s"), socket);
  const failure = await failureOf(
    openDaemon({ stateDirectory: directory.join("state"), daemonScript: builtDaemon }),
  );
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "silent" } });
  expect(existsSync(socket)).toBe(true);
  expect(existsSync(directory.join("state", "daemon.json"))).toBe(true);
  mute.close();
});

test("a daemon that finds its place taken is tried again: the other one may be about to end", async () => {
  await using directory = await openDirectory();
  const script = directory.join("twice.cjs");
  await writeFile(
    script,
    `const { existsSync, writeFileSync } = require("node:fs");
     if (existsSync("../tried")) require(${JSON.stringify(builtDaemon)});
     else { writeFileSync("../tried", ""); process.exit(${placeTakenStatus}); }`,
  );
  await using daemon = await start(directory, script);
  expect((await daemon.call("health")).pid).toBe(daemon.discovery.pid);
});

test("the daemon is told nothing that is meant for its starter alone", async () => {
  await using directory = await openDirectory();
  const script = directory.join("env.cjs");
  await writeFile(
    script,
    "console.log(JSON.stringify({ NODE_OPTIONS: process.env.NODE_OPTIONS, VSCODE_PID: process.env.VSCODE_PID," +
      " as: process.env.ELECTRON_RUN_AS_NODE, cwd: process.cwd(), argv: process.argv.slice(2) }))",
  );
  process.env["NODE_OPTIONS"] = "--no-warnings";
  process.env["VSCODE_PID"] = "1";
  try {
    const failure = await failureOf(start(directory, script));
    const told = { as: "1", cwd: directory.join("state"), argv: ["--state-dir", directory.join("state")] };
    expect(failure.members.written).toEqual([JSON.stringify(told)]);
  } finally {
    delete process.env["NODE_OPTIONS"];
    delete process.env["VSCODE_PID"];
  }
});
