import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { builtDaemon, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";

test("a socket of a service manager is served, found by who wants a daemon, and left to the manager at the end", async () => {
  await using directory = await openDirectory();
  const stateDirectory = directory.join("state");
  await mkdir(stateDirectory, { mode: 0o700 });
  const socket = join(stateDirectory, "daemon.sock");
  const args = ["-l", socket, process.execPath, builtDaemon, "--state-dir", stateDirectory];
  const manager = spawn("systemd-socket-activate", args, {
    stdio: "ignore",
    env: { PATH: process.env["PATH"], HOME: directory.path },
  });
  onTestFinished(() => void manager.kill("SIGKILL"));
  await expect.poll(() => existsSync(socket)).toBe(true);
  // It becomes the daemon when somebody connects; none of its own is started.
  await using daemon = await openDaemon({ stateDirectory, daemonScript: directory.join("none.cjs") });
  expect(daemon.health.pid).toBe(manager.pid);
  expect(daemon.discovery.socket).toBe(socket);
  const log = await readFile(join(stateDirectory, "daemon.log"), "utf8");
  expect(log.match(/The daemon is ready/g)).toHaveLength(1);
  const ended = once(manager, "exit");
  await daemon.call("shutdown", { body: {} });
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(stateDirectory, "daemon.json"))).toBe(false);
  expect((await stat(socket)).isSocket()).toBe(true);
  // Nobody listens any more here, where the manager was the daemon.
  const probe = connect(socket);
  expect(await once(probe, "error")).toMatchObject([{ code: "ECONNREFUSED" }]);
});

test("hostrun install-service writes the units and has systemd start them, uninstall-service takes both back", async () => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  const told = join(cli.home, "told");
  await mkdir(PATH);
  await writeFile(join(PATH, "systemctl"), `#!/bin/sh\necho "$*" >> ${told}\n`, { mode: 0o755 });
  const env = { PATH };
  await cli.run(["start"]);
  const units = join(cli.home, ".config/systemd/user");
  const printed = await cli.run(["install-service", "--print"], { env });
  expect(printed.stdout.toString()).toContain(`# ${units}/hostrun.socket`);
  expect(existsSync(units)).toBe(false);
  const installed = await cli.run(["install-service"], { env });
  expect([installed.status, installed.stderr.toString()]).toEqual([0, ""]);
  const service = await readFile(join(units, "hostrun.service"), "utf8");
  expect(service).toContain(`"${builtDaemon}" "--state-dir" "${cli.stateDirectory}"`);
  expect(await readFile(join(units, "hostrun.socket"), "utf8")).toContain(
    `ListenStream=${cli.stateDirectory}/daemon.sock`,
  );
  expect(await cli.run(["status"])).toHaveProperty("status", 3);
  expect((await cli.run(["uninstall-service"], { env })).status).toBe(0);
  expect(existsSync(join(units, "hostrun.service"))).toBe(false);
  expect((await readFile(told, "utf8")).split("\n")).toEqual([
    "--user daemon-reload",
    "--user enable --now hostrun.socket",
    "--user disable --now hostrun.socket hostrun.service",
    "--user daemon-reload",
    "",
  ]);
  await writeFile(join(PATH, "systemctl"), "#!/bin/sh\necho no bus >&2; exit 1\n", { mode: 0o755 });
  const failed = await cli.run(["install-service"], { env });
  expect([failed.status, failed.stderr.toString()]).toEqual([
    1,
    expect.stringMatching(/failed: no bus.*hostrun start/s),
  ]);
  expect(existsSync(join(units, "hostrun.service"))).toBe(false);
});

test("settings that the running daemon has only from its flags and environment come with the commands that keep them", async () => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  await writeFile(join(PATH, "systemctl"), "#!/bin/sh\n", { mode: 0o755 });
  const env = { HOSTRUN_POOL_IDLE_MS: "2000", HOSTRUN_REDIS_URL: "redis://:secret@127.0.0.1:1" };
  const start = async () => cli.run(["start", "--listen", "[::1]:0"], { env });
  await start();
  await cli.run(["config", "set", "keepaliveMs", "1000"]);
  const install = async (): Promise<string> => {
    const { status, stderr } = await cli.run(["install-service"], { env: { PATH } });
    expect(status).toBe(0);
    return stderr.toString();
  };
  expect(await install()).toBe(
    "hostrun: The daemon that ran had settings from its flags or its environment, which the service does not take over. To keep them:\n" +
      "  hostrun config set poolIdleMs 2000\n  hostrun config set redisUrl URL\n  hostrun config set listen '[::1]:0'\n",
  );
  await cli.run(["config", "set", "listen", "[::1]:0"]);
  await cli.run(["config", "set", "poolIdleMs", "2000"]);
  await cli.run(["stop"]);
  await start();
  expect(await install()).toMatch(/To keep them:\n {2}hostrun config set redisUrl URL\n$/);
  expect(await install()).toBe("");
});

test("what could not be installed is taken back: the units that were there stay, and a link is not written through", async () => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  const units = join(cli.home, ".config/systemd/user");
  const unit = join(units, "hostrun.service");
  const install = async (systemctl: string) => {
    await writeFile(join(PATH, "systemctl"), `#!/bin/sh\n${systemctl}\n`, { mode: 0o755 });
    const { status, stderr } = await cli.run(["install-service"], { env: { PATH } });
    return `${status} ${stderr.toString()}`;
  };
  const failing = '[ "$2" != enable ] || { echo no socket >&2; exit 1; }';
  expect(await install(failing)).toMatch(/^1 .*enable --now hostrun\.socket` failed: no socket/s);
  expect(await readdir(units)).toEqual([]);
  const stopped = "The daemon was stopped; the next command starts it again.";
  await cli.run(["start"]);
  expect(await install('[ "$2" != enable ] || kill -KILL $$')).toMatch(
    new RegExp(`enable.* failed: it was ended by SIGKILL\\..* are as they were before\\. ${stopped}\\n$`),
  );
  const earlier = `ExecStart="node" "--state-dir" "${cli.stateDirectory}"\n`;
  await writeFile(unit, earlier);
  expect(await install(failing)).toMatch(/^1 /);
  expect(await readdir(units)).toEqual(["hostrun.service"]);
  expect(await readFile(unit, "utf8")).toBe(earlier);

  const target = join(cli.home, "dotfiles.service");
  await rename(unit, target);
  await symlink(target, unit);
  await cli.run(["start"]);
  expect(await install("exit 0")).toMatch(/^1 .*hostrun\.service is a symbolic link/s);
  expect(await readFile(target, "utf8")).toBe(earlier);
  expect(await readlink(unit)).toBe(target);
  // Nothing was stopped for it.
  expect(await cli.run(["status"])).toHaveProperty("status", 0);
  const removed = await cli.run(["uninstall-service"], { env: { PATH } });
  expect([removed.status, removed.stderr.toString()]).toEqual([1, expect.stringContaining("symbolic link")]);
  expect(await readlink(unit)).toBe(target);
});

test("units of the same names that somebody else wrote are neither replaced nor removed", async () => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  const told = join(cli.home, "told");
  await mkdir(PATH);
  await writeFile(join(PATH, "systemctl"), `#!/bin/sh\necho "$*" >> ${told}\n`, { mode: 0o755 });
  const units = join(cli.home, ".config/systemd/user");
  await mkdir(units, { recursive: true });
  for (const name of ["hostrun.service", "hostrun.socket"]) {
    const own = "[Unit]\nDescription=My own way to start hostrun\n";
    await writeFile(join(units, name), own);
    for (const command of ["install-service", "uninstall-service"]) {
      const { status, stderr } = await cli.run([command], { env: { PATH } });
      expect([status, stderr.toString()]).toEqual([
        1,
        expect.stringContaining(`${join(units, name)} was not written by \`hostrun install-service\``),
      ]);
    }
    expect(await readdir(units)).toEqual([name]);
    expect(await readFile(join(units, name), "utf8")).toBe(own);
    await rm(join(units, name));
  }
  expect(existsSync(told)).toBe(false);
});

test("a service is for one state directory: another neither takes its place nor removes it", async () => {
  await using cli = await openCli();
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  await writeFile(join(PATH, "systemctl"), "#!/bin/sh\n", { mode: 0o755 });
  const other = { PATH, HOSTRUN_HOME: join(cli.home, "other") };
  expect((await cli.run(["install-service"], { env: { PATH } })).status).toBe(0);
  const unit = join(cli.home, ".config/systemd/user/hostrun.service");
  const installed = await readFile(unit, "utf8");
  for (const command of ["install-service", "uninstall-service"]) {
    const { status, stderr } = await cli.run([command], { env: other });
    expect([status, stderr.toString()]).toEqual([
      1,
      expect.stringContaining(`${unit} is the service for another state directory, ${cli.stateDirectory},`),
    ]);
  }
  expect(await readFile(unit, "utf8")).toBe(installed);
  expect((await cli.run(["install-service"], { env: { PATH } })).status).toBe(0);
  expect((await cli.run(["uninstall-service"], { env: { PATH } })).status).toBe(0);
  expect(existsSync(unit)).toBe(false);
});

test("a state directory whose socket systemd could not listen on is refused before anything is stopped", async () => {
  await using cli = await openCli();
  const long = join(cli.home, "x".repeat(100));
  const { status, stderr } = await cli.run(["install-service"], { env: { HOSTRUN_HOME: long } });
  expect([status, stderr.toString()]).toEqual([
    1,
    expect.stringMatching(/systemd cannot listen on .*: a socket's path has at most 103 bytes.*HOSTRUN_HOME/),
  ]);
  const units = join(cli.home, ".config/systemd/user");
  expect(existsSync(units)).toBe(false);
  // One that was made before is removed all the same.
  const PATH = join(cli.home, "bin");
  await mkdir(PATH);
  await writeFile(join(PATH, "systemctl"), "#!/bin/sh\n", { mode: 0o755 });
  await mkdir(units, { recursive: true });
  await writeFile(join(units, "hostrun.service"), `ExecStart="node" "--state-dir" "${long}"\n`);
  const removed = await cli.run(["uninstall-service"], { env: { PATH, HOSTRUN_HOME: long } });
  expect([removed.status, await readdir(units)]).toEqual([0, []]);
});
