// The place of a demo: one directory with a daemon's state and an SSH server, and the processes that belong to it. Uses
// only Node's own modules.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { toolEnv } from "./bootstrap.mjs";
import { fleet, makeHomes } from "./demo-fleet.mjs";

export const SSHD = "/usr/sbin/sshd";

/** Short, since the path of a socket is limited to 103 bytes. */
export const defaultDirectory = `/tmp/hostrun-demo-${process.getuid?.() ?? userInfo().username}`;

/** Only a directory that contains this file was made by a demo, and may be removed by one. */
const MARK = "this-is-a-hostrun-demo";

/** The paths of a demo. */
export function demoPlace(directory) {
  return {
    directory,
    state: join(directory, "state"),
    socket: join(directory, "state/daemon.sock"),
    discovery: join(directory, "state/daemon.json"),
    daemonLog: join(directory, "state/daemon.log"),
    sshdConfig: join(directory, "ssh/sshd_config"),
    sshdPid: join(directory, "ssh/sshd.pid"),
    sshdLog: join(directory, "ssh/sshd.log"),
    home: join(directory, "home"),
    homes: join(directory, "homes"),
    hostKey: join(directory, "ssh/host_key"),
    userKey: join(directory, "ssh/user_key"),
  };
}

/** The environment of the demo's processes: Node 24, the demo's state, and none of the person's own settings. */
export function demoEnv({ state }) {
  const foreign = ([name]) => !/^(HOSTRUN_.*|SSH_AUTH_SOCK|NODE_OPTIONS)$/.test(name);
  return { ...Object.fromEntries(Object.entries(toolEnv()).filter(foreign)), HOSTRUN_HOME: state };
}

/** Creates the demo's directory. Refuses a directory that is not empty. */
export async function makePlace({ directory, sshdConfig, home }) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isOwn(directory) || readdirSync(directory).length > 0) throw new Error(notADemo(directory));
  await writeFile(join(directory, MARK), "");
  for (const folder of [dirname(sshdConfig), home]) mkdirSync(folder, { mode: 0o700 });
}

/** Ends the demo's processes by their ids and removes its directory. False if there was none. */
export async function removePlace(place) {
  const { directory, discovery, sshdPid } = place;
  if (!existsSync(directory)) return false;
  if (!isOwn(directory) || !existsSync(join(directory, MARK))) throw new Error(notADemo(directory));
  const daemon = /"pid":\s*(\d+)/.exec(readText(discovery))?.[1];
  for (const pid of [Number(daemon), Number(readText(sshdPid))]) await endProcess(pid, directory);
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  return true;
}

/**
 * Starts an SSH server on a free loopback port that only lets this user in, with a key made for it. Returns its port and
 * its process id.
 */
export async function startSshd(place) {
  const { sshdConfig, sshdLog, hostKey, userKey } = place;
  makeKey(hostKey, "hostrun-demo-host");
  makeKey(userKey, "hostrun-demo-user");
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  await makeHomes(place);
  const port = await freePort();
  await writeFile(sshdConfig, sshdConfigFor(place, port));
  const log = openSync(sshdLog, "a", 0o600);
  const server = spawn(SSHD, ["-f", sshdConfig, "-D", "-e"], {
    detached: true, // the demo itself handles a Ctrl-C in the terminal
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let failure = "";
  server.once("error", (error) => {
    failure = error.message;
  });
  server.once("exit", () => {
    failure = `It ended at once:\n${readText(sshdLog)}`;
  });
  for (const deadline = Date.now() + 10_000; !(await accepts(port)); await delay(20)) {
    if (failure !== "") throw new Error(`The SSH server did not start.\n${failure}`);
    if (Date.now() > deadline) throw new Error(`The SSH server does not listen on 127.0.0.1:${port}.`);
  }
  server.unref();
  return { port, pid: server.pid };
}

function sshdConfigFor({ hostKey, userKey, sshdPid, home, homes }, port) {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    ...fleet.map(({ address }) => `ListenAddress ${address}:${port}`),
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${userKey}.pub`,
    `AllowUsers ${userInfo().username}`,
    `PidFile ${sshdPid}`,
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "StrictModes no", // its files are below /tmp
    `UsePAM ${isRootLocked() ? "yes" : "no"}`,
    "PrintMotd no",
    "UseDNS no",
    // The person's own .bashrc may be slow, and must not affect the demo.
    `SetEnv HOME=${home}`,
    ...fleet.flatMap(({ name, address }) => [
      `Match LocalAddress ${address}`,
      `  SetEnv HOME=${join(homes, name)}`,
    ]),
    "",
  ].join("\n");
}

/** Without PAM, sshd refuses accounts whose password is locked, even with a key. */
function isRootLocked() {
  return process.getuid?.() === 0 && /^root:!/m.test(readText("/etc/shadow"));
}

function makeKey(path, comment) {
  const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`ssh-keygen made no key: ${made.error?.message ?? made.stderr}`);
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A process id may have been reused: only a process that was started for this demo is ended. */
async function endProcess(pid, directory) {
  const alive = () => pid > 0 && readText(`/proc/${pid}/cmdline`).includes(directory);
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    if (!alive()) return;
    process.kill(pid, signal);
    for (let tries = 0; alive() && tries < 250; tries += 1) await delay(20);
  }
}

function isOwn(directory) {
  const found = lstatSync(directory);
  return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
}

function notADemo(directory) {
  return `${directory} holds something that is not a demo of yours. Move it away, or name another --directory.`;
}

/** Sends a request to the daemon behind a socket; resolves to the response, whose body is still to be read. */
export function askDaemon(socketPath, method, path, body) {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((settle, reject) => {
    const outgoing = request({ socketPath, method, path, headers }, settle);
    outgoing.once("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
