import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { isAlive } from "../../client/liveness.ts";
import { type LogFields, silentLog } from "../../daemon/core/log.ts";
import type { UserFiles } from "../../daemon/core/user-files.ts";
import { type Cli, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { openHungMount } from "../support/hung-mount.ts";
import { openSshd } from "../support/sshd.ts";
import { openTestFiles, readerSource } from "../support/user-files.ts";

const stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
afterAll(() => stack.disposeAsync());
// Under a name of its own, by which its processes are told from those of other tests.
const script = directory.join("reader.ts");
await symlink(readerSource, script);
const good = directory.join("good");
await writeFile(good, "good");

const maxBytes = 1024;
const timeoutMs = 3000;
const late = { kind: "unreadable", why: "its file system did not answer within 3 s" };
const warnings: LogFields[] = [];

function openFiles(options: { maxHanging?: number } = {}): UserFiles {
  const log = { ...silentLog, warn: (_: string, fields: LogFields = {}) => void warnings.push(fields) };
  return openTestFiles({ script, log, timeoutMs, ...options });
}

/** Those of this process; other test files have some, too. */
function readers(): number[] {
  const child = new RegExp(`^PPid:\\s${process.pid}$`, "m");
  return readdirSync("/proc")
    .filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        const runs = readFileSync(`/proc/${name}/cmdline`, "utf8").includes(script);
        return runs && child.test(readFileSync(`/proc/${name}/status`, "utf8"));
      } catch {
        return false;
      }
    })
    .map(Number);
}

test("a file system that hangs keeps nobody waiting but those who read it", async () => {
  await using mount = await openHungMount();
  using own = openFiles();
  // Twice the threads of Node's pool, of this process and of the reader's by default.
  const paths = Array.from({ length: 8 }, (_, index) => `${mount.path}${index}`);
  let over = 0;
  const hanging = paths.map(async (path) => {
    const read = await own.read(path, maxBytes);
    over += 1;
    return read;
  });
  const kind = own.kind(`${mount.path}-agent`);
  const names = own.list(`${mount.path}-folder`, 1);
  expect(await own.read(good, maxBytes)).toMatchObject({ bytes: Buffer.from("good") });
  expect(await readFile(good, "utf8")).toBe("good");
  expect(over).toBe(0);
  for (const read of await Promise.all(hanging)) expect(read).toEqual(late);
  expect(await kind).toBe("unknown");
  expect(await names).toEqual(late);
  expect(warnings).toContainEqual({ path: paths[7], timeoutMs });
  // Its process could be killed; another one reads on.
  expect(await own.read(good, maxBytes)).toMatchObject({ bytes: Buffer.from("good") });
});

test("a hundred reads of one file that hangs hang once", async () => {
  await using mount = await openHungMount();
  using own = openFiles();
  let over = 0;
  const reading: Promise<unknown>[] = [];
  const read = async (): Promise<unknown> => {
    const answer = await own.read(mount.path, maxBytes);
    over += 1;
    return answer;
  };
  while (reading.length < 100) {
    reading.push(read());
    // What is asked twice in one turn is one question anyway.
    await setImmediate();
  }
  // More than there are threads would let this one wait.
  expect(await own.read(good, maxBytes)).toMatchObject({ kind: "content" });
  expect(over).toBe(0);
  expect(await Promise.all(reading)).toEqual(reading.map(() => late));
});

test("a process that not even SIGKILL ends is left, and those who ask for the same are told at once", async () => {
  const before = readers();
  using own = openFiles();
  let pid = 0;
  {
    await using mount = await openHungMount();
    const reading = own.read(mount.path, maxBytes);
    await expect.poll(() => mount.take(), { timeout: 5000, interval: 10 }).toBe(true);
    [pid = 0] = readers().filter((reader) => !before.includes(reader));
    expect(await reading).toEqual(late);
    expect(await own.read(mount.path, maxBytes)).toMatchObject({ why: "its file system hangs" });
    expect(await own.read(good, maxBytes)).toMatchObject({ kind: "content" });
    own[Symbol.dispose]();
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  }
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5000 }).toBe(false);
});

test("beside too many of them no other is begun, until the system lets go of them", async () => {
  using own = openFiles({ maxHanging: 2 });
  {
    await using mount = await openHungMount();
    for (const name of ["one", "two"]) {
      const reading = own.read(`${mount.path}-${name}`, maxBytes);
      await expect.poll(() => mount.take(), { timeout: 5000, interval: 10 }).toBe(true);
      expect(await reading).toEqual(late);
    }
    expect(await own.read(good, maxBytes)).toMatchObject({ why: "reads of other files hang" });
  }
  await expect.poll(() => own.read(good, maxBytes), { timeout: 5000 }).toMatchObject({ kind: "content" });
});

test("a daemon whose files hang logs in elsewhere, stays the only one, and stops", async () => {
  await using sshd = await openSshd();
  await using mount = await openHungMount();
  await using cli = await openCli(sshd);
  const { pid } = await daemonOf(cli);
  for (const name of ["config", "known_hosts2"])
    await symlink(`${mount.path}-${name}`, `${cli.home}/.ssh/${name}`);
  const key = (index: number): string[] => ["--identity-file", `${mount.path}-key${index}`];
  // One more than Node has threads for files.
  for (const index of [1, 2, 3, 4, 5]) {
    const address = `user${index}@${sshd.address}:${sshd.port}`;
    await cli.run(["hosts", "add", `hung${index}`, address, ...key(index)]);
  }
  const hung = [1, 2, 3, 4, 5].map((index) => cli.run(["run", `hung${index}`, "--", "true"]));
  const agent = { SSH_AUTH_SOCK: `${mount.path}-agent` };
  const others = [
    cli.run(["hosts", "import", "--path", `${mount.path}-import`]),
    cli.run(["hosts"]),
    cli.run(["run", "web1", "--", "echo in"], { env: agent }),
  ];
  // The kernel has told the file system's server of them all: from here on nothing can be killed.
  await expect.poll(() => mount.take(), { timeout: 10_000, interval: 10 }).toBe(true);
  while (mount.take());
  for (const { stderr, status } of await Promise.all(hung)) {
    expect(stderr.toString()).toContain("its file system did not answer within 5 s");
    expect(status).toBe(255);
  }
  const [importing, listing, running] = await Promise.all(others);
  expect(importing?.stderr.toString()).toContain("its file system did not answer within 5 s");
  expect(listing?.stderr.toString()).toContain(`${cli.home}/.ssh/config cannot be used: its file system`);
  expect(listing?.stdout.toString()).toContain("web1");
  expect(running?.stdout.toString()).toBe("in\n");
  expect((await daemonOf(cli)).pid).toBe(pid);
  const stopped = await cli.run(["stop"]);
  expect({ ...stopped, stdout: stopped.stdout.toString() }).toMatchObject({
    status: 0,
    stdout: `The daemon (process ${pid}) has stopped.\n`,
  });
  expect(isAlive(pid)).toBe(false);
});

/** Starts the daemon where none runs. */
async function daemonOf(cli: Cli): Promise<{ pid: number }> {
  await cli.run(["start"]);
  const { stdout } = await cli.run(["status", "--json"]);
  return z.object({ pid: z.number() }).parse(JSON.parse(stdout.toString()));
}
