import {
  chmod,
  chown,
  copyFile,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seal } from "../../daemon/store/backup-seal.ts";
import { type Cli, openCli } from "../support/cli.ts";
import { createHttp } from "../support/http.ts";
import { matching } from "../support/matching.ts";
import { openSmallDisk } from "../support/small-disk.ts";
import { openSshd } from "../support/sshd.ts";

const stack = new AsyncDisposableStack();
let cli: Cli;
let file: string;

beforeAll(async () => {
  const sshd = stack.use(await openSshd());
  cli = stack.use(await openCli(sshd));
  file = join(cli.home, "backup");
});
afterAll(() => stack.disposeAsync());

async function said(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await cli.run(args);
  return `${status} ${stdout.toString()}${stderr.toString()}`;
}

/** Of the output of the last run. */
async function lastOutput(): Promise<string> {
  return (await cli.run(["show", "last", "--output"])).stdout.toString();
}

test("a backup is taken while a command runs, and brings everything back", async () => {
  await cli.run(["config", "set", "historyDays", "7"]);
  // So long that its output lies in files beside the database.
  const long = "i=0; while [ $i -lt 20000 ]; do echo line $i of a long output; i=$((i+1)); done";
  expect((await cli.run(["run", "web1", "--", long])).status).toBe(0);
  const before = await lastOutput();
  expect(before.length).toBeGreaterThan(100_000);
  const running = cli.start(["run", "--durable", "-q", "web1", "--", "echo begun; sleep 600"]);
  await new Promise((resolve) => running.stdout.once("data", resolve));
  expect(await said("backup", file)).toMatch(/^0 .*backup has the state of now/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await said("backup", file)).toMatch(/^1 .*is there already/);
  expect(await said("backup", file, "--force")).toMatch(/^0 /);
  // For a client that wants only the head, no copy is made.
  using http = createHttp(join(cli.stateDirectory, "daemon.sock"));
  const head = await http.open("HEAD", "/api/backup");
  head.resume();
  expect(head.statusCode).toBe(200);
  expect(head.headers["content-type"]).toBe("application/octet-stream");
  expect(head.headers["content-length"]).toBeUndefined();
  await cli.run(["cancel", "last"]);
  await cli.run(["config", "set", "historyDays", "8"]);
  await cli.run(["hosts", "remove", "web1"]);

  expect(await said("restore", file)).toMatch(/^1 .*\(process \d+\) runs/);
  const restored = await said("restore", file, "--stop");
  const aside = /before is in (\S+)\.\n/.exec(restored)?.[1] ?? "";
  expect(restored).toMatch(/^0 /);
  expect(await readdir(aside)).toEqual(expect.arrayContaining(["config.json", "hostrun.db"]));
  expect((await stat(aside)).mode & 0o777).toBe(0o700);
  expect(await said("config", "get", "historyDays")).toBe("0 7\n");
  expect(await said("hosts", "list", "--format", "{{.name}}")).toBe("0 web1\n");
  const { stdout } = await cli.run(["history", "--format", "{{.id}} {{.command}}"]);
  const run =
    stdout
      .toString()
      .split("\n")
      .find((line) => line.includes("long output"))
      ?.split(" ")[0] ?? "";
  expect((await cli.run(["show", run, "--output"])).stdout.toString()).toBe(before);
  for (const name of ["hostrun.db", "config.json"]) {
    expect((await stat(join(cli.stateDirectory, name))).mode & 0o777).toBe(0o600);
  }
  running.kill();
});

test("only a file of somebody's own is replaced: no link, no pipe, and nothing of the daemon's", async () => {
  const link = join(cli.home, "dangling");
  await symlink(join(cli.home, "elsewhere"), link);
  for (const path of [link, "/dev/full", cli.home]) {
    expect(await said("backup", path, "--force")).toContain("is not a regular file. Choose another name.");
  }
  expect(await readlink(link)).toBe(join(cli.home, "elsewhere"));
  const own = join(cli.stateDirectory, "hostrun.db");
  expect(await said("backup", own, "--force")).toContain("is in the state directory");
});

test("where a backup cannot be written it is said why, and what to do", async () => {
  await using other = await openCli();
  await other.run(["hosts", "add", "web1", "127.0.0.1"]);
  await using disk = await openSmallDisk(1);
  disk.fill();
  const loop = join(other.home, "loop");
  await symlink(loop, loop);
  await writeFile(join(other.home, "file"), "");
  const refusals = [
    ["", /^2 hostrun: FILE is empty\./],
    [`${join(other.home, "folder")}/`, /^2 .*FILE must be the name of a file\./],
    [join(disk.path, "b"), /\(ENOSPC\)\. Its disk is full: make room, or choose another place\./],
    [join(other.home, "none", "b"), /\(ENOENT\)\. The directory above it does not exist: make it, or choose/],
    [
      join(other.home, "file", "b"),
      /\(ENOTDIR\)\. Part of its path is not a directory: correct the path, or choose/,
    ],
    [join(loop, "b"), /\(ELOOP\)\. The symbolic links in its path form a loop: correct them, or choose/],
    [join(other.home, "b".repeat(300)), /\(ENAMETOOLONG\)\. Its path is too long: shorten it, or choose/],
  ] as const;
  for (const [path, why] of refusals) {
    const { status, stdout, stderr } = await other.run(["backup", path]);
    expect(`${String(status)} ${stdout.toString()}${stderr.toString()}`).toMatch(why);
  }
  // The store itself cannot be opened.
  const store = join(other.stateDirectory, "hostrun.db");
  await rename(store, `${store}-away`);
  const { stderr } = await other.run(["backup", join(other.home, "b")]);
  await rename(`${store}-away`, store);
  expect(stderr.toString()).toMatch(
    /^hostrun: Hostrun's history cannot be opened \(SQLITE_CANTOPEN\)\. Check /,
  );
  expect((await other.run(["backup", join(other.home, "b")])).status).toBe(0);
});

test("of a damaged store no backup is made, and the one that there is stays", async () => {
  await using other = await openCli();
  await other.run(["hosts", "add", "web1", "127.0.0.1"]);
  // Then all of it is in the database itself, and none beside it.
  await other.run(["restart"]);
  const backup = join(other.home, "backup");
  await writeFile(backup, "the last good one");
  const store = await open(join(other.stateDirectory, "hostrun.db"), "r+");
  await store.write(Buffer.alloc(20 * 4096, "damage"), 0, 20 * 4096, 3 * 4096);
  await store.close();
  const { status, stderr } = await other.run(["backup", backup, "--force"]);
  expect([status, stderr.toString()]).toEqual([
    1,
    matching(/The store is damaged \(.+\)\. See `hostrun doctor`\./),
  ]);
  expect(await readFile(backup, "utf8")).toBe("the last good one");
});

test("what is no backup is refused before the daemon is stopped, and nothing is changed", async () => {
  await cli.run(["run", "web1", "--", "echo a line that is kept"]);
  expect(await said("backup", file, "--force")).toMatch(/^0 /);
  const pid = (await cli.run(["status", "--format", "{{.pid}}"])).stdout.toString();
  const bad = (name: string): string => join(cli.home, name);
  await copyFile(join(cli.stateDirectory, "hostrun.db"), bad("store"));
  await seal(bad("store"));
  await writeFile(bad("text"), "precious");
  await writeFile(bad("empty"), "");
  await symlink(file, bad("link"));
  await writeFile(bad("damaged"), await damaged(await readFile(file)));
  const bytes = await readFile(file);
  await writeFile(bad("longer"), Buffer.concat([bytes, Buffer.from("junk")]));
  await writeFile(bad("shorter"), bytes.subarray(0, -1));
  // One letter of what a command printed, which SQLite has no eye for.
  const at = bytes.indexOf("a line that is kept\n");
  expect(at).toBeGreaterThan(0);
  const changed = Buffer.from(bytes);
  changed.write("L", at);
  await writeFile(bad("changed"), changed);
  await copyFile(file, bad("open"));
  await chmod(bad("open"), 0o666);
  await copyFile(file, bad("foreign"));
  await chown(bad("foreign"), 65_534, 65_534);
  await writeFile(bad("newer"), bytes.subarray(0, -sealOf(bytes).length));
  await chmod(bad("newer"), 0o600);
  const newer = new Sqlite(bad("newer"));
  newer.exec("INSERT INTO migrations VALUES ('9999-later.sql', 'x', 'y')");
  newer.close();
  await seal(bad("newer"));
  const told: Readonly<Record<string, RegExp>> = {
    nothing: /is not there/,
    store: /is not a Hostrun backup/,
    text: /is not a Hostrun backup/,
    empty: /is not a Hostrun backup/,
    link: /is a symbolic link/,
    damaged: /is damaged/,
    longer: /is damaged: its checksum is missing or wrong/,
    shorter: /is damaged: its checksum is missing or wrong/,
    changed: /is damaged: its checksum is missing or wrong/,
    open: /can be written to by other users/,
    foreign: /belongs to the user with id 65534/,
    newer: /made by a newer Hostrun.*9999-later.*Update Hostrun/,
  };
  for (const [name, words] of Object.entries(told)) {
    const answer = await said("restore", bad(name), "--stop");
    expect(answer).toMatch(/^1 /);
    expect(answer).toMatch(words);
    expect(answer).toContain("Nothing was changed");
  }
  expect((await cli.run(["status", "--format", "{{.pid}}"])).stdout.toString()).toBe(pid);
  expect(await readFile(bad("text"), "utf8")).toBe("precious");
});

/** What a backup ends with. */
function sealOf(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.lastIndexOf("\nhostrun-backup-sha256:"));
}

test("without room for it nothing is stopped, and what is the matter is said", async () => {
  expect(await said("backup", file, "--force")).toMatch(/^0 /);
  await using disk = await openSmallDisk(12);
  const state = join(disk.path, "state");
  const env = { HOSTRUN_HOME: state };
  const hosted = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await cli.run(args, { env });
    return `${status} ${stdout.toString()}${stderr.toString()}`;
  };
  await using _ = { [Symbol.asyncDispose]: async () => void (await hosted("stop", "--force")) };
  expect(await hosted("start")).toMatch(/^0 /);
  disk.fill();
  expect(await hosted("restore", file, "--stop")).toMatch(/^1 .*disk .*is full\. Make room/);
  expect((await readdir(state)).filter((name) => name.includes("restore"))).toEqual([]);
  expect(await hosted("status")).toMatch(/^0 /);
  // A backup is refused in the same words, and leaves nothing.
  expect(await hosted("backup", join(cli.home, "of-full"))).toMatch(/^1 .*disk .*is full\. Make room/);
  disk.makeRoom();
  expect(await hosted("restore", file, "--stop")).toMatch(/^0 /);
});

/** Every page after the first is overwritten. */
async function damaged(bytes: Buffer): Promise<Buffer> {
  return Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0x5a)]);
}
