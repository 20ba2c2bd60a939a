import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type DurableGroup,
  endGroupCommand,
  parseGroupEnd,
} from "../../../../../daemon/runs/terminate/group-end.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { liveProcesses, untilLive } from "../../../../support/process-groups.ts";
import { openShells, type ShellName, shellNames } from "../../../../support/shells.ts";

const run = promisify(execFile);
const shells = await openShells();
const directory = await openDirectory({ readable: true });
afterAll(async () => {
  await directory[Symbol.asyncDispose]();
  await shells[Symbol.asyncDispose]();
});

/** A PATH with these programs alone, each from `from` or from where it is. */
async function pathWith(name: string, programs: readonly string[], from?: string): Promise<string> {
  await mkdir(directory.join(name));
  for (const program of programs) {
    await symlink(from ?? `/usr/bin/${program}`, directory.join(name, program));
  }
  return directory.join(name);
}
const tools = ["sleep", "grep", "sort", "tr"];
const withoutPs = await pathWith("without-ps", tools);
const ofBusybox = await pathWith("busybox", [...tools, "ps"], "/bin/busybox");

/** A PATH with a slow ps, which counts its calls, and `date`, a program or a script. */
async function slowLooks(name: string, date: string, seconds = 0.3) {
  const PATH = await pathWith(`slow ${name}`, [...tools, "wc"]);
  const [ps, calls] = [directory.join(`slow ${name}`, "ps"), directory.join(`calls ${name}`)];
  await writeFile(ps, `#!/bin/sh\necho x >> "${calls}"; sleep ${seconds}; exec /usr/bin/ps "$@"\n`, {
    mode: 0o755,
  });
  const script = date.startsWith("/") ? `exec ${date} "$@"` : date;
  await writeFile(directory.join(`slow ${name}`, "date"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH, looks: async () => (await readFile(calls, "utf8")).length / 2 };
}

/** Any shell under the name "sh", as a system has it for /bin/sh. */
async function asSh(name: ShellName): Promise<string> {
  await mkdir(directory.join(`as-${name}`), { recursive: true });
  const path = directory.join(`as-${name}`, "sh");
  await symlink(shells.path(name), path).catch(() => undefined);
  return path;
}

let marks = 0;
/** A process group of its own, as sshd makes one for a command; `script` has `$M` where a process is to be seen. */
async function group(script: string, count: number) {
  marks += 1;
  const mark = `1000.${process.pid}${String(marks).padStart(3, "0")}`;
  const leader = spawn("/bin/sh", ["-c", script.replaceAll("$M", mark)], { detached: true, stdio: "ignore" });
  const pid = leader.pid ?? -1;
  const left = async () => (await liveProcesses()).filter((each) => each.group === pid);
  onTestFinished(async () => {
    if ((await left()).length > 0) process.kill(-pid, "SIGKILL");
  });
  await untilLive(mark, count);
  return { pid, mark, leader, left };
}

/** The command of a durable run that is kept in `path`: in a session of its own, and waited for in its runner's. */
async function durableGroup(path: string) {
  const script = `echo $$ >${path}/runner; setsid -w /bin/sh -c 'echo $$ >${path}/group; exec sleep $M'; :`;
  const { mark } = await group(script, 1);
  const pid = Number(await readFile(join(path, "group"), "utf8"));
  const isAlive = async () => (await liveProcesses()).some(({ words }) => words.includes(mark));
  onTestFinished(async () => {
    if (await isAlive()) process.kill(pid, "SIGKILL");
  });
  return { pid, isAlive };
}

interface Asked {
  readonly caller?: string;
  readonly sh?: string;
  readonly graceMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly detached?: boolean;
  readonly run?: DurableGroup;
  readonly uptime?: string;
}

/** What comes of it when a server runs the command in a session of its own. */
async function end(pid: number, asked: Asked = {}) {
  const { caller = "/bin/bash", sh = "/bin/sh", graceMs = 300, environment, detached = true } = asked;
  const { uptime = "/proc/uptime" } = asked;
  const command = endGroupCommand(pid, graceMs, asked.run)
    .replace("/bin/sh", sh)
    .replaceAll("/proc/uptime", uptime);
  const uid = asked.uid === undefined ? {} : { uid: asked.uid };
  // Bash reads ~/.bashrc when it takes itself for a command of sshd.
  const env = { PATH: process.env["PATH"], SHLVL: "1", ...environment };
  const child: ChildProcess = spawn(caller, ["-c", command], { detached, env, ...uid });
  const output: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  await once(child, "close");
  expect(output.stderr).toBe("");
  return parseGroupEnd(output.stdout);
}

const stubborn = 'trap "" INT TERM; sleep $M & while :; do sleep 0.05; done';

// It looks at all processes again and again: on a loaded machine one test took 6 s.
describe("the command that ends a process group", { timeout: 30_000 }, () => {
  const shellsForSh: readonly ShellName[] = ["dash", "bash", "ash", "zsh"];
  test.each(shellsForSh)("works where /bin/sh is %s", async (name) => {
    const sh = await asSh(name);
    const easy = await group("sleep $M | sleep $M", 2);
    expect(await end(easy.pid, { sh })).toBe("gone");
    expect(await easy.left()).toEqual([]);
    const hard = await group(stubborn, 1);
    expect(await end(hard.pid, { sh })).toBe("gone");
    expect(await hard.left()).toEqual([]);
  });

  test.each(shellNames)("works where %s is the login shell", async (name) => {
    const target = await group(stubborn, 1);
    expect(await end(target.pid, { caller: shells.path(name) })).toBe("gone");
    expect(await target.left()).toEqual([]);
  });

  test.each([
    ["no ps", withoutPs],
    ["busybox's ps", ofBusybox],
  ])("works with %s", async (_what, PATH) => {
    const target = await group(stubborn, 1);
    expect(await end(target.pid, { environment: { PATH } })).toBe("gone");
    expect(await target.left()).toEqual([]);
  });

  test.each([
    ["the system's uptime", "/proc/uptime", "/usr/bin/date"],
    ["date", "/nowhere", "/usr/bin/date"],
  ])("counts what looking takes, by %s", async (what, uptime, date) => {
    const { PATH, looks } = await slowLooks(what, date);
    const target = await group(stubborn, 1);
    const begun = performance.now();
    expect(await end(target.pid, { environment: { PATH }, graceMs: 2000, uptime })).toBe("gone");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(2000);
    // Where only the pauses counted there were more than 20.
    expect(await looks()).toBeLessThan(18);
  });

  test("is not early where the clock is set", async () => {
    const hours = 'echo x >> "$0.calls"; echo "1764$(wc -l < "$0.calls")00000"';
    const { PATH, looks } = await slowLooks("set", hours, 0);
    const target = await group(stubborn, 1);
    expect(await end(target.pid, { environment: { PATH }, graceMs: 1000, uptime: "/nowhere" })).toBe("gone");
    // One for each tenth of a second.
    expect(await looks()).toBeGreaterThanOrEqual(12);
  });

  test("begins with INT, goes on with TERM", async () => {
    const polite = await group("sleep $M", 1);
    const [, signal] = await Promise.all([end(polite.pid, { graceMs: 60_000 }), once(polite.leader, "exit")]);
    expect(signal).toEqual([null, "SIGINT"]);
    const script = 'trap "" INT; trap "exit 7" TERM; sleep $M & while :; do sleep 0.05; done';
    const termed = await group(script, 1);
    const [, code] = await Promise.all([end(termed.pid, { graceMs: 1000 }), once(termed.leader, "exit")]);
    expect(code).toEqual([7, null]);
  });

  test("ends what is left of a group when its first process is over", async () => {
    const target = await group("sleep $M &", 1);
    if (target.leader.exitCode === null) await once(target.leader, "exit");
    expect(await target.left()).toHaveLength(1);
    expect(await end(target.pid)).toBe("gone");
    expect(await target.left()).toEqual([]);
  });

  test("waits for what a durable command left when it ended, without a signal", async () => {
    const ended = { directory: directory.join("ended"), way: "wait" } as const;
    await mkdir(ended.directory);
    await writeFile(join(ended.directory, "status"), "INT\n");
    const target = await group("sleep $M &", 1);
    if (target.leader.exitCode === null) await once(target.leader, "exit");
    expect(await end(target.pid, { run: ended, graceMs: 100 })).toBe("alive");
    const [child] = await target.left();
    const gone = end(target.pid, { run: ended, graceMs: 60_000 });
    if (child === undefined) throw new Error("it did not start");
    process.kill(child.pid, "SIGKILL");
    expect(await gone).toBe("gone");
    // Its process id is another's by now.
    const other = await group("exec sleep $M", 1);
    expect(await end(other.pid, { run: ended, graceMs: 100 })).toBe("unknown");
    expect(await other.left()).toHaveLength(1);
  });

  test("leaves a durable command alone whose time is up, if it has ended by itself", async () => {
    const limited = { directory: directory.join("limited"), way: "limit" } as const;
    await mkdir(limited.directory);
    const target = await durableGroup(limited.directory);
    await writeFile(join(limited.directory, "status"), "0\n");
    expect(await end(target.pid, { run: limited })).toBe("over");
    expect(await target.isAlive()).toBe(true);
    await rm(join(limited.directory, "status"));
    expect(await end(target.pid, { run: limited })).toBe("gone");
    expect(await target.isAlive()).toBe(false);
  });

  test("never harms processes that have the numbers of a durable command and its runner, which were killed", async () => {
    const reused = { directory: directory.join("reused"), way: "signal" } as const;
    await mkdir(reused.directory);
    const [runner, command] = [await group("exec sleep $M", 1), await group("exec sleep $M", 1)];
    await writeFile(join(reused.directory, "runner"), `${runner.pid}\n`);
    await writeFile(join(reused.directory, "group"), `${command.pid}\n`);
    expect(await end(command.pid, { run: reused })).toBe("unknown");
    expect([await runner.left(), await command.left()].map(({ length }) => length)).toEqual([1, 1]);
  });

  test("does not confirm the end of a durable command on a machine that has not its run", async () => {
    const elsewhere = { directory: directory.join("elsewhere"), way: "signal" } as const;
    const target = await group("sleep $M", 1);
    const exit = once(target.leader, "exit");
    process.kill(-target.pid, "SIGKILL");
    await exit;
    expect(await end(target.pid, { run: elsewhere })).toBe("unknown");
    await mkdir(elsewhere.directory);
    expect(await end(target.pid, { run: elsewhere })).toBe("gone");
  });

  test("says so when the group is gone already", async () => {
    const target = await group("sleep $M", 1);
    const exit = once(target.leader, "exit");
    process.kill(-target.pid, "SIGKILL");
    await exit;
    expect(await end(target.pid)).toBe("gone");
    // On a server that gives commands no groups, nothing follows from there being none of that number.
    expect(await end(target.pid, { detached: false })).toBe("unknown");
  });

  test("ends every group of the session, each asked once", async () => {
    const target = await group("exec bash -c 'set -m; for n in 1 2 3; do sleep $M & done; wait'", 3);
    const groups = new Set(
      (await liveProcesses()).filter(({ args }) => args.endsWith(target.mark)).map((each) => each.group),
    );
    expect(groups.size).toBe(3);
    expect(await end(target.pid)).toBe("gone");
    expect((await liveProcesses()).filter((each) => groups.has(each.group))).toEqual([]);
    const counting =
      "exec bash -c 'trap \"echo -n x >> $F; sleep 0.2\" INT; sleep $M | sleep $M | cat; sleep 1000'";
    const file = directory.join("interrupts");
    const asked = await group(counting.replace("$F", file), 2);
    expect(await end(asked.pid, { graceMs: 500 })).toBe("gone");
    expect(await readFile(file, "utf8")).toBe("x");
  });

  test("never harms a group that it is in itself", async () => {
    // All of it in a session apart from the tests', which would end with it.
    const asking = endGroupCommand(4242, 300).replace("pid=$1", "pid=$TARGET");
    const begun = "until grep -q sleep /proc/$TARGET/comm; do :; done";
    const said = directory.join("said");
    const own = await group(
      `export SSH_CONNECTION=1; sleep $M & export TARGET=$!; ${begun}; { ${asking}; } > ${said}`,
      1,
    );
    if (own.leader.exitCode === null) await once(own.leader, "exit");
    // Had it ended itself, it would have said nothing.
    expect(await readFile(said, "utf8")).toBe("hostrun-group:unknown\n");
    expect(await own.left()).toHaveLength(1);
  });

  test("never harms a process that has the number of one that is over", async () => {
    const target = await group("setsid sh -c 'sleep $M & sleep $M; wait' & wait", 2);
    const stranger = (await liveProcesses()).find(({ args }) =>
      args.startsWith(`sh -c sleep ${target.mark}`),
    );
    if (stranger === undefined) throw new Error("it did not start");
    expect(await end(stranger.pid, { environment: { SSH_CONNECTION: "127.0.0.1 1 127.0.0.1 22" } })).toBe(
      "unknown",
    );
    expect((await liveProcesses()).map(({ pid }) => pid)).toContain(stranger.pid);
    process.kill(-stranger.pid, "SIGKILL");
    expect(await end(target.pid)).toBe("gone");
  });

  test("takes a dead process that nobody has collected for none", async () => {
    const environment = { SSH_CONNECTION: "127.0.0.1 1 127.0.0.1 22" };
    const careless = "POSIX::setsid(), exec qw(sleep $M) unless fork; sleep 1000";
    const parent = await group(
      `export SSH_CONNECTION='${environment.SSH_CONNECTION}'; exec perl -MPOSIX -e '${careless}'`,
      1,
    );
    const [child] = await untilLive(parent.mark, 1);
    if (child === undefined) throw new Error("it did not start");
    expect(child.group).toBe(child.pid);
    expect(await end(child.pid, { environment })).toBe("gone");
    expect(await readFile(`/proc/${child.pid}/stat`, "latin1")).toContain(" Z ");
  });

  test("says that it lives on when it may not be ended", async () => {
    const target = await group("sleep $M", 1);
    const { stdout } = await run("id", ["-u", "nobody"]);
    expect(await end(target.pid, { uid: Number(stdout), graceMs: 100 })).toBe("alive");
    expect(await target.left()).not.toEqual([]);
  });
});
