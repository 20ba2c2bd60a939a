import { spawn } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { type Daemon, openDaemon } from "../client/daemon.ts";
import { daemonFlags } from "../client/daemon-flags.ts";
import { type Directory, openDirectory } from "../test/support/directory.ts";
import { openSshd, type Sshd } from "../test/support/sshd.ts";
import { finished } from "./process.ts";

/** What every suite runs on: one SSH server, and one daemon with two hosts that are that server. */
export interface Bed {
  readonly sshd: Sshd;
  readonly daemon: Daemon;
  readonly directory: Directory;
  /** The directory of the daemon and the command line, as shipped. */
  readonly dist: string;
  /** A host of the daemon whose connection stays open. */
  readonly warm: string;
  /** The same server with a key file of its own, and so with a connection of its own. */
  readonly cold: string;
  /** The arguments of `ssh` up to the host, without multiplexing. */
  readonly ssh: readonly string[];
}

/** A process that is measured, and where it listens. */
export interface Served {
  readonly socket: string;
  readonly pid: number;
}

const root = `${import.meta.dirname}/..`;

/** Builds everything as it is shipped, into a directory of its own; resolves to its path. */
export async function openDist(stack: AsyncDisposableStack): Promise<string> {
  const dist = stack.use(await openDirectory()).join("dist");
  await finished(process.execPath, [`${root}/esbuild.mjs`, "--out", dist]);
  return dist;
}

/** Starts the daemon of `dist` and an SSH server. `profile` is a folder for the daemon's CPU profile. */
export async function openBed(
  stack: AsyncDisposableStack,
  options: { readonly dist: string; readonly profile: string | undefined },
): Promise<Bed> {
  const { dist } = options;
  const directory = stack.use(await openDirectory());
  const home = directory.join("home");
  await mkdir(home);
  const sshd = stack.use(await openSshd({ options: await serverOptions(home) }));
  const daemon = stack.use(await openOwnDaemon(stack, directory, options));
  const coldKey = directory.join("cold_key");
  await copyFile(sshd.clientKey.path, coldKey);
  for (const [name, identityFile] of [
    ["warm", sshd.clientKey.path],
    ["cold", coldKey],
  ] as const) {
    const { address, port, user } = sshd;
    await daemon.call("createHost", { body: { name, address, port, user, identityFile } });
  }
  const [, key = ""] = sshd.hostKeys[0]?.publicKey.split(" ") ?? [];
  await daemon.call("addKnownHost", { body: { address: sshd.address, port: sshd.port, key } });
  return {
    sshd,
    daemon,
    directory,
    dist,
    warm: "warm",
    cold: "cold",
    ssh: await sshArguments(sshd, directory),
  };
}

/** For a server with many concurrent logins, on which `home` is the account's home directory. */
export async function serverOptions(home: string): Promise<Record<string, string | number>> {
  return {
    MaxStartups: "200:30:400",
    MaxSessions: 100,
    LogLevel: "INFO",
    // The account's own .bashrc may take longer than everything else together.
    SetEnv: `HOME=${home}`,
    ...((await opensshVersion()) >= 9.8 ? { PerSourcePenalties: "no" } : {}),
  };
}

/** The algorithms of the daemon's connections, for `ssh` to use the same. */
export async function algorithms({ daemon, warm }: Bed): Promise<readonly string[]> {
  const { cipher } = await daemon.call("testHost", { params: { host: warm }, body: {} });
  return ["-o", "KexAlgorithms=curve25519-sha256", "-c", cipher];
}

/** The bed with another server, or another route to the same one, as a host of that name and as arguments of `ssh`. */
export async function wayTo(bed: Bed, sshd: Sshd, name: string): Promise<Bed> {
  const { daemon, directory } = bed;
  const { address, port, user, clientKey, hostKeys } = sshd;
  await daemon.call("createHost", { body: { name, address, port, user, identityFile: clientKey.path } });
  const [, key = ""] = hostKeys[0]?.publicKey.split(" ") ?? [];
  await daemon.call("addKnownHost", { body: { address, port, key } });
  return { ...bed, sshd, warm: name, ssh: await sshArguments(sshd, directory, `known_hosts-${name}`) };
}

/** Starts the master of a multiplexed connection; resolves to the arguments of `ssh` that use it. */
export async function openControlMaster(
  stack: AsyncDisposableStack,
  { ssh, directory }: Bed,
  name: string,
  options: readonly string[] = [],
): Promise<readonly string[]> {
  const shared = [...ssh.slice(0, -1), ...options, "-S", directory.join(name), ...ssh.slice(-1)];
  const begin = spawn("ssh", ["-M", "-fN", ...shared], { stdio: "ignore" });
  await new Promise((resolve, reject) => {
    begin.once("error", reject);
    begin.once("exit", resolve);
  });
  stack.defer(async () => {
    await finished("ssh", ["-O", "exit", ...shared]).catch(() => undefined); // fails if the server is already gone
  });
  await finished("ssh", ["-O", "check", ...shared]);
  return shared;
}

async function sshArguments(
  sshd: Sshd,
  directory: Directory,
  file = "known_hosts",
): Promise<readonly string[]> {
  const knownHosts = directory.join(file);
  const names = sshd.hostKeys.map(({ publicKey }) => `[${sshd.address}]:${sshd.port} ${publicKey}\n`);
  await writeFile(knownHosts, names.join(""));
  const options = [
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "BatchMode=yes",
    "LogLevel=ERROR",
  ].flatMap((option) => ["-o", option]);
  const where = ["-p", String(sshd.port), "-l", sshd.user, sshd.address];
  return ["-F", "none", "-n", "-i", sshd.clientKey.path, ...options, ...where];
}

/** A module with which a process collects its garbage on a signal, see there. */
export const collector = fileURLToPath(import.meta.resolve("./collect-garbage.mjs"));

async function openOwnDaemon(
  stack: AsyncDisposableStack,
  directory: Directory,
  { dist, profile }: { readonly dist: string; readonly profile: string | undefined },
): Promise<Daemon> {
  const profiling = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile];
  const stateDirectory = directory.join("state");
  await mkdir(stateDirectory, { mode: 0o700 });
  const own = Object.entries(process.env).filter(([name]) => !/^(HOSTRUN_|SSH_AUTH_SOCK$)/.test(name));
  const child = spawn(
    process.execPath,
    [
      ...daemonFlags,
      "--require",
      collector,
      ...profiling,
      join(dist, "daemon.cjs"),
      "--state-dir",
      stateDirectory,
    ],
    { env: Object.fromEntries(own), stdio: ["ignore", "ignore", "pipe"] },
  );
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const ended = new Promise((resolve) => {
    child.once("exit", resolve);
    child.once("error", resolve);
  });
  stack.defer(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  for (let tries = 0; ; tries += 1) {
    try {
      return await openDaemon({ stateDirectory });
    } catch (cause) {
      if (tries === 200 || child.exitCode !== null) {
        throw new Error(`The daemon did not start: ${complaints}`, { cause });
      }
      // There is no event for when another process creates a file.
      await delay(50);
    }
  }
}

/** Parses "OpenSSH_9.2p1 …" as 9.2. */
async function opensshVersion(): Promise<number> {
  const { stderr } = await finished("ssh", ["-V"]);
  return Number(/OpenSSH_(\d+\.\d+)/.exec(stderr)?.[1] ?? 0);
}
