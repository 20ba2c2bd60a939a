import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Directory, openDirectory } from "../support/directory.ts";
import { expectNoWarningsBelow } from "../support/warnings.ts";

const root = join(import.meta.dirname, "../..");
const script = join(root, "scripts/demo.mjs");

test("the demo runs commands, runs again, and what it prints to try next works", async () => {
  await using place = await openDemoPlace();
  const first = await demo(place);
  expect(first.status, first.output).toBe(0);
  expect(first.output).toMatch(/Hello from \S+, Linux/);
  expect(first.output.match(/^ {2}line [1-5] at /gm)).toHaveLength(5);
  // In which order two streams come is nobody's promise.
  for (const stream of ["stdout", "stderr"]) expect(first.output).toContain(`  this is ${stream}\n`);
  expect(first.output).toMatch(/this is std(?:out|err)\n {2}exit status 3, /);
  const rule = ` {2}-{15}\n`;
  const group = (hosts: string, ...lines: readonly string[]): RegExp =>
    new RegExp(
      `${rule} {2}${hosts.replaceAll(/[[\]()]/g, "\\$&")}\n${rule}${lines.map((line) => ` {2}${line}\n`).join("")}`,
    );
  expect(first.output).toMatch(group("web[1-2,4,6] (4)", "release = 4.2.1", "workers = 8", "tls     = on"));
  expect(first.output).toMatch(group("web5 (1)", "release = 4.1.9"));
  expect(first.output).toMatch(group("db1 (1)", "release = 16.4"));
  expect(first.output).toContain("db2: exit status 1\n");
  expect(first.output).toMatch(/web3 \(1\)\n[^]*\n {2}-workers = 8\n {2}\+workers = 2\n/);
  expect(first.output).toMatch(/^ {2}data: \{"type":"complete"/m);
  const before = await processesIn(place.path);
  expect(before).toHaveLength(2);

  const { status, output } = await demo(place);
  expect(status, output).toBe(0);
  expect(output).toContain("ended the demo that ran before");
  const now = await processesIn(place.path);
  expect(now).toHaveLength(2);
  expect(now.filter((pid) => before.includes(pid))).toEqual([]);

  const curl = await shell(printed(output, /^ {2}(curl .+)$/m));
  const events = curl.output.split("\n").filter((line) => line.startsWith("data: "));
  expect(curl.status, curl.output).toBe(0);
  expect(events.filter((event) => event.includes('"type":"output"')).length).toBeGreaterThanOrEqual(3);
  expect(events.at(-1)).toContain('"outcome":"exited","exitCode":0');
  const history = await shell(printed(output, /^ {2}(HOSTRUN_HOME=.+ history)$/m));
  expect(history.output).toContain("sleep 1");

  // It goes with the demo, before anybody else could look into it.
  await expectNoWarningsBelow(place.demo);
  const stopped = await shell(printed(output, /^ {2}(node scripts\/demo\.mjs stop.+)$/m));
  expect(stopped.output).toContain("stopped and removed");
  expect(await processesIn(place.path)).toEqual([]);
  expect(existsSync(place.demo)).toBe(false);
});

test("Ctrl-C ends the demo's daemon and SSH server and removes what it made", async () => {
  await using place = await openDemoPlace();
  const running = start(place);
  const over = finished(running);
  await new Promise<void>((resolve) => {
    running.stdout?.on("data", (text: string) => text.includes("line 1") && resolve());
  });
  expect(await processesIn(place.path)).not.toEqual([]);
  // A terminal sends it to the whole group.
  process.kill(-(running.pid ?? 0), "SIGINT");
  const { status, output } = await over;
  expect(status, output).toBe(130);
  expect(output).toContain("stopped and removed");
  expect(await processesIn(place.path)).toEqual([]);
  expect(existsSync(place.demo)).toBe(false);
});

test("neither the demo nor its stop touches a directory that no demo made", async () => {
  await using place = await openDirectory();
  await writeFile(place.join("precious"), "");
  for (const word of ["stop", "--no-build"]) {
    const { status, output } = await shell(`node scripts/demo.mjs ${word} --directory ${place.path}`);
    expect(status).toBe(1);
    expect(output).toContain("holds something that is not a demo of yours");
  }
  expect(await readdir(place.path)).toEqual(["precious"]);
});

type DemoPlace = Directory & { readonly demo: string };

/** A directory for a demo, which is stopped before it goes, whatever the test came to. */
async function openDemoPlace(): Promise<DemoPlace> {
  const directory = await openDirectory();
  const demoDirectory = directory.join("demo");
  return {
    ...directory,
    demo: demoDirectory,
    async [Symbol.asyncDispose]() {
      await shell(`node scripts/demo.mjs stop --directory ${demoDirectory}`);
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** dist/ is taken as it is: other tests use it at the same time. */
function start(place: DemoPlace): ChildProcess {
  const args = [script, "--no-build", "--directory", place.demo];
  return spawn(process.execPath, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
}

function demo(place: DemoPlace): Promise<Finished> {
  return finished(start(place));
}

/** As it would be pasted into a terminal in the checkout. */
function shell(line: string): Promise<Finished> {
  return finished(spawn("sh", ["-c", line], { cwd: root, stdio: ["ignore", "pipe", "pipe"] }));
}

interface Finished {
  readonly status: number | null;
  readonly output: string;
}

function finished(child: ChildProcess): Promise<Finished> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, output }));
  });
}

/** The processes that name a path of `directory` in their arguments. */
async function processesIn(directory: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.filter((_, index) => commands[index]?.includes(directory));
}

function printed(output: string, line: RegExp): string {
  const found = line.exec(output)?.[1];
  if (found === undefined) throw new Error(`The demo did not print ${line}:\n${output}`);
  return found;
}
