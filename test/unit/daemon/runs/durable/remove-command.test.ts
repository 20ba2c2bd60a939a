import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeCommand, startCommand } from "../../../../../daemon/runs/durable/host-script.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { until } from "../../../../support/durable.ts";
import { type LiveProcess, liveProcesses, untilLive } from "../../../../support/process-groups.ts";

/** Runs a command as a server does for a session. */
function session(command: string) {
  return spawn("/bin/bash", ["-c", command], {
    detached: true,
    env: { ...process.env, SHELL: "/bin/bash", SHLVL: "1" },
  });
}

/** A durable run of `script`, in which `$M` stands where `count` processes are to be seen. */
async function openRun(script: string, count: number) {
  await using own = new AsyncDisposableStack();
  const home = own.use(await openDirectory());
  const [directory, id] = [home.join("runs"), randomBytes(8).toString("hex")];
  await mkdir(directory, { mode: 0o700 });
  const mark = `3000.${process.pid}${id.replaceAll(/\D/g, "")}`;
  const line = script.replaceAll("$M", mark);
  const input = { commandLine: () => ({ line, before: "", inputs: [] }), stdin: null };
  const start = startCommand({ id, directory }, "aa", input, "bourne");
  const follower = session(start.command);
  follower.stdin.write(start.input);
  const alive = async () => (await liveProcesses()).filter(({ words }) => words.includes(mark));
  onTestFinished(async () => {
    for (const { pid } of await alive()) process.kill(pid, "SIGKILL");
    follower.kill();
  });
  await untilLive(mark, count);
  const owned = own.move();
  return {
    path: join(directory, id),
    alive,
    read: (name: string) => readFile(join(directory, id, name), "utf8"),
    write: (name: string, text: string) => writeFile(join(directory, id, name), text),
    remove: async (graceMs: number | undefined, files?: "keep") => {
      const remover = session(removeCommand({ id, directory }, graceMs, files));
      await once(remover, "close");
      return { code: remover.exitCode, files: existsSync(join(directory, id)) };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const removed = { code: 0, files: false };
const words = (processes: readonly LiveProcess[]) => processes.map(({ args }) => args.split(" ")[0]);

test("a run that was not stopped has its files removed, and nothing else", async () => {
  await using run = await openRun("exec sleep $M", 1);
  expect(await run.remove(undefined)).toEqual(removed);
  expect(await run.alive()).toHaveLength(1);
});

test("a stopped command is ended first, with everything that it began", async () => {
  await using directory = await openDirectory();
  const told = directory.join("told");
  const deaf = "(trap '' INT TERM; while :; do sleep $M; done) &";
  await using run = await openRun(`trap 'echo INT >>${told}' INT; ${deaf} sleep $M; exec sleep $M`, 2);
  expect(await run.remove(300)).toEqual(removed);
  expect(await readFile(told, "utf8")).toBe("INT\n");
  expect(await run.alive()).toEqual([]);
});

test("the files of a stopped command stay where they are to be kept", async () => {
  await using run = await openRun("echo out; exec sleep $M", 1);
  expect(await run.remove(300, "keep")).toEqual({ code: 0, files: true });
  expect(await run.alive()).toEqual([]);
  expect(await run.read("out")).toBe("out\n");
  expect(await run.remove(300)).toEqual(removed);
});

test("what a command that has ended left behind is not ended", async () => {
  await using run = await openRun("sleep $M & exit 3", 1);
  await until(async () => (await run.read("status").catch(() => "")) === "3\n");
  expect(await run.remove(300)).toEqual(removed);
  expect(words(await run.alive())).toEqual(["sleep"]);
});

test("nothing is ended that was started in another boot", async () => {
  await using run = await openRun("exec sleep $M", 1);
  await run.write("boot", "another\n");
  expect(await run.remove(300)).toEqual(removed);
  expect(await run.alive()).toHaveLength(1);
});

test("processes that have the numbers of a command and a runner that were killed are left alone", async () => {
  await using other = await openRun("exec sleep $M", 1);
  await using run = await openRun("exec sleep $M", 1);
  await run.write("group", await other.read("group"));
  // It can't be told from a command that the host doesn't let Hostrun see: the files stay until it has ended.
  expect(await run.remove(300)).toEqual({ code: 1, files: true });
  expect([await other.alive(), await run.alive()].map(({ length }) => length)).toEqual([1, 1]);
  await run.write("runner", "4194305\n");
  expect(await run.remove(300)).toEqual(removed);
  expect(await other.alive()).toHaveLength(1);
});
