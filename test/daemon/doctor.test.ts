import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, open, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { doctorText } from "../../extension/daemon/doctor-text.ts";
import { version } from "../../package.json";
import { type DoctorCheck, DoctorCheck as DoctorCheckSchema } from "../../protocol/doctor.ts";
import * as z from "zod";
import { type Cli, type CliOptions, openCli } from "../support/cli.ts";

const names = [
  "stateDirectory",
  "permissions",
  "disk",
  "clock",
  "settings",
  "node",
  "ssh",
  "sshConfig",
  "agent",
  "daemon",
];
const ofDaemon = ["database", "history", "redis", "nativeCrypto", "worker", "hosts"];

/** Typed as what it stands for. */
function containing(text: string): unknown {
  return expect.stringContaining(text);
}

async function examined(cli: Cli, options?: CliOptions) {
  const { status, stdout, stderr } = await cli.run(["doctor", "--json"], options);
  expect(stderr.toString()).toBe("");
  const checks = z.array(DoctorCheckSchema).parse(JSON.parse(stdout.toString()));
  const found = (name: string): DoctorCheck | undefined => checks.find((check) => check.name === name);
  // What is not well says what to do.
  for (const { state, fix } of checks)
    if (state === "warning" || state === "failed") expect(fix).toMatch(/\S/);
  return { status, checks, found };
}

test("it looks at everything, starts no daemon, and asks the one that runs", async () => {
  await using cli = await openCli();
  const before = await examined(cli);
  expect(before.status).toBe(0);
  expect(before.checks.map(({ name }) => name)).toEqual(names);
  expect(before.found("daemon")).toMatchObject({ state: "warning", fix: "`hostrun start` starts it." });
  expect(await cli.run(["status"])).toHaveProperty("status", 3);
  await cli.run(["start"]);
  const { status, checks } = await examined(cli);
  expect(checks.map(({ name }) => name)).toEqual([...names, ...ofDaemon]);
  expect(checks.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(status).toBe(0);
  const shown = await cli.run(["doctor"]);
  expect(shown.stdout.toString()).toContain("ok       database: SQLite finds it whole.\n");
});

test("a check that could not be made is skipped, never ok, and says why", async () => {
  await using cli = await openCli();
  const env = { SSH_AUTH_SOCK: "/none", PATH: join(cli.home, "none") };
  const { status, checks, found } = await examined(cli, { env });
  expect(status).toBe(0);
  expect(found("stateDirectory")).toMatchObject({ state: "warning", fix: "`hostrun start` makes it." });
  const reason = "There is no usable state directory.";
  const fix = "Install OpenSSH's client.";
  expect(checks.filter(({ state }) => state === "skipped")).toEqual([
    { name: "permissions", state: "skipped", message: reason, fix: null },
    { name: "clock", state: "skipped", message: containing("there are no files to compare"), fix: null },
    { name: "settings", state: "skipped", message: reason, fix: null },
    { name: "sshConfig", state: "skipped", message: "There is no `ssh` in the PATH.", fix },
    { name: "agent", state: "skipped", message: "There is no `ssh-add` in the PATH.", fix },
  ]);
  // It is where the state directory would be created.
  expect(found("disk")?.message).toContain(`free for ${cli.stateDirectory}.`);
  const shown = (await cli.run(["doctor"], { env })).stdout.toString();
  expect(shown).toContain(`skipped  permissions: ${reason}\n`);
  expect(shown).not.toMatch(/^ok +(?:permissions|clock|settings|sshConfig|agent):/m);
  expect(doctorText(checks)).toMatch(/^WARNING [^]+^skipped {2}permissions: [^]+^ok {7}disk: /m);
});

test("it tells of jump hosts that form a loop in the SSH config, as the list of hosts does", async () => {
  await using cli = await openCli();
  await writeFile(join(cli.home, ".ssh/config"), "Host a\n ProxyJump b\nHost b\n ProxyJump a\n");
  await cli.run(["start"]);
  const { status, found } = await examined(cli);
  expect(found("hosts")).toMatchObject({ state: "warning", message: containing("form a loop") });
  expect(found("hosts")?.message).toContain("a → b → a");
  expect(found("hosts")?.fix).toContain("ProxyJump in the SSH config");
  expect(status).toBe(0);
});

test("it finds what is wrong without a daemon, and says what to do", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  await writeFile(join(cli.home, "old.db"), "");
  await symlink(join(cli.home, "old.db"), join(cli.stateDirectory, "hostrun.db"));
  await writeFile(join(cli.home, ".ssh/config"), "Host *\n  NoSuchOption yes\n");
  const future = new Date(Date.now() + 86_400_000);
  await writeFile(join(cli.stateDirectory, "daemon.log"), "");
  await utimes(join(cli.stateDirectory, "daemon.log"), future, future);
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  await symlink("/usr/bin/ssh", join(PATH, "ssh"));
  const { status, found } = await examined(cli, { env: { PATH, SSH_AUTH_SOCK: join(cli.home, "none") } });
  expect(status).toBe(1);
  expect([found("permissions")?.state, found("permissions")?.message]).toEqual([
    "failed",
    containing("symbolic link"),
  ]);
  expect([found("clock")?.state, found("clock")?.fix]).toEqual(["warning", containing("timedatectl")]);
  expect([found("sshConfig")?.state, found("sshConfig")?.message]).toEqual(["failed", containing("line 2")]);
  expect(found("agent")?.state).toBe("skipped");
  await chmod(cli.stateDirectory, 0o777);
  expect((await examined(cli)).found("stateDirectory")).toMatchObject({ state: "failed" });
  await chmod(cli.stateDirectory, 0o700);
});

test("it finds settings with which no daemon starts, a file in the place of a directory, and leaves a shared one alone", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  const config = join(cli.stateDirectory, "config.json");
  await writeFile(config, "{ broken", { mode: 0o600 });
  await writeFile(join(cli.stateDirectory, "hostrun.db-output"), "", { mode: 0o600 });
  const { status, found } = await examined(cli);
  expect(status).toBe(1);
  expect(found("settings")).toMatchObject({ state: "failed", message: containing(`${config} is not JSON`) });
  expect(found("permissions")).toMatchObject({
    state: "failed",
    message: containing("hostrun.db-output is a file and not a directory"),
  });
  await writeFile(config, '{ "poolIdleMs": -1 }');
  expect((await examined(cli)).found("settings")).toMatchObject({ message: containing("poolIdleMs") });

  const shared = join(cli.home, "tmp");
  await mkdir(shared);
  await chmod(shared, 0o1777);
  await writeFile(join(shared, "letter"), "", { mode: 0o644 });
  const { checks } = await examined(cli, { env: { HOSTRUN_HOME: shared } });
  expect(checks.filter(({ fix }) => fix?.includes("chmod"))).toEqual([]);
  expect(checks.find(({ name }) => name === "stateDirectory")).toMatchObject({
    state: "failed",
    message: containing("is shared by all users"),
  });
});

test("a store that is damaged is called so", async () => {
  await using cli = await openCli();
  await cli.run(["hosts", "add", "web1", "127.0.0.1"]);
  // Then all of it is in the database itself, and none beside it.
  await cli.run(["restart"]);
  const store = await open(join(cli.stateDirectory, "hostrun.db"), "r+");
  await store.write(Buffer.alloc(20 * 4096, "damage"), 0, 20 * 4096, 3 * 4096);
  await store.close();
  const { status, found } = await examined(cli);
  expect(status).toBe(1);
  expect(found("database")).toMatchObject({
    state: "failed",
    message: containing("It is damaged: "),
    fix: containing("`hostrun restart` moves it aside"),
  });
});

test("a store with one damaged page is called so in one line, and is not backed up", async () => {
  await using cli = await openCli();
  await cli.run(["hosts", "add", "web1", "127.0.0.1"]);
  await cli.run(["restart"]);
  const store = await open(join(cli.stateDirectory, "hostrun.db"), "r+");
  await store.write(Buffer.from("damaged!"), 0, 8, ((await store.stat()).size / 4096 - 2) * 4096);
  await store.close();
  expect((await examined(cli)).found("database")?.message).toMatch(
    /^It is damaged: Tree \d+ page \d+[^\\]*$/,
  );
  const backup = await cli.run(["backup", join(cli.home, "backup")]);
  expect([backup.status, backup.stderr.toString()]).toEqual([1, containing("The store is damaged (Tree ")]);
});

test.each([
  ["prints nothing and fails", "exit 3", "it ended with status 3", "`ssh -G HOST` checks it."],
  ["is killed", "kill -SEGV $$", "it was ended by SIGSEGV", "`ssh -G HOST` checks it."],
  [
    "refuses a file that others can change",
    "echo 'Bad owner or permissions on /h/.ssh/config' >&2; exit 255",
    "Bad owner or permissions on /h/.ssh/config",
    containing("`chmod go-w /h/.ssh/config`"),
  ],
  ["says why", "echo 'no config' >&2; exit 255", "no config", containing("Fix the line named there")],
])("an ssh that %s is a finding with its reason", async (_, script, why, fix) => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  await writeFile(join(PATH, "ssh"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const { found } = await examined(cli, { env: { PATH } });
  expect(found("ssh")).toMatchObject({ state: "warning", message: `\`ssh -V\` failed: ${why}` });
  expect(found("sshConfig")).toEqual({
    name: "sshConfig",
    state: "failed",
    message: `OpenSSH cannot read it: ${why}`,
    fix,
  });
});

test("an ssh that cannot be started, that hangs, or that prints no version is told as that", async () => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  const program = join(PATH, "ssh");
  await writeFile(program, "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(PATH, "ssh-add"), "#!/bin/sh\nexit 2\n", { mode: 0o755 });
  const env = { PATH, SSH_AUTH_SOCK: "/none" };
  const messages = async (): Promise<unknown[]> => {
    const { found } = await examined(cli, { env });
    return ["ssh", "sshConfig", "agent"].map((name) => found(name)?.message);
  };
  expect((await messages()).at(-1)).toBe("It does not answer on /none: it ended with status 2");
  await writeFile(program, "not a program", { mode: 0o755 });
  await chmod(program, 0o000);
  await rm(join(PATH, "ssh-add"));
  expect(await messages()).toEqual([
    "`ssh -V` failed: it could not be started (EACCES)",
    "OpenSSH cannot read it: it could not be started (EACCES)",
    "There is no `ssh-add` in the PATH.",
  ]);
  await chmod(program, 0o755);
  await writeFile(program, "#!/bin/sh\n[ $1 = -V ] || exec /bin/sleep 60\n");
  expect(await messages()).toEqual([
    "`ssh` is there, and prints no version.",
    "OpenSSH cannot read it: it took longer than 5 s",
    "There is no `ssh-add` in the PATH.",
  ]);
});

test("without ssh, and with a daemon of another version that hangs, it is done all the same", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  const socket = join(cli.stateDirectory, "daemon.sock");
  const mute = createServer(() => undefined).listen(socket);
  await once(mute, "listening");
  // A process that does nothing.
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  child.kill("SIGSTOP");
  const discovery = {
    pid: child.pid,
    version: "9.9.9",
    protocol: 1,
    socket,
    url: null,
    token: "t",
    startedAt: "2026-01-01T00:00:00.000Z",
  };
  await writeFile(join(cli.stateDirectory, "daemon.json"), JSON.stringify(discovery), { mode: 0o600 });
  const { status, found } = await examined(cli, { env: { PATH: join(cli.home, "none") } });
  expect(status).toBe(1);
  expect([found("ssh")?.state, found("ssh")?.fix]).toEqual(["warning", containing("Install OpenSSH")]);
  expect([found("daemon")?.state, found("daemon")?.fix]).toEqual([
    "failed",
    containing("hostrun restart --force"),
  ]);
  child.kill("SIGKILL");
  mute.close();
});

test("a daemon of the same version and another build is called that, also where its answer is not understood", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  const socket = join(cli.stateDirectory, "daemon.sock");
  const health = { status: "ok", version, protocol: 1, pid: process.pid };
  const server = createHttpServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/api/health" ? health : {}));
  }).listen(socket);
  await once(server, "listening");
  await chmod(socket, 0o600);
  const discovery = { ...health, socket, url: null, token: "t", startedAt: "2026-01-01T00:00:00.000Z" };
  await writeFile(join(cli.stateDirectory, "daemon.json"), JSON.stringify(discovery), { mode: 0o600 });
  const { found } = await examined(cli);
  expect(found("daemon")).toMatchObject({ fix: containing("hostrun restart --drain") });
  const { status, stderr } = await cli.run(["hosts", "list"]);
  expect([status, stderr.toString()]).toEqual([
    1,
    containing(`(version ${version}, process ${process.pid}) is of another build than this program`),
  ]);
  expect(stderr.toString()).toContain("`hostrun restart --drain`");
  // It is not ours to be stopped.
  await rm(join(cli.stateDirectory, "daemon.json"));
  server.close();
});
