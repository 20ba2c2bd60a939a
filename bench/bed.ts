import { spawn } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Daemon, openDaemon } from "../client/daemon.ts";
import { type Directory, openDirectory } from "../test/support/directory.ts";
import { openSshd, type Sshd } from "../test/support/sshd.ts";
import { finished } from "./process.ts";

/** What every suite runs on: one SSH server, and one daemon with two hosts that lead to it. */
export interface Bed {
  readonly sshd: Sshd;
  readonly daemon: Daemon;
  readonly directory: Directory;
  /** A host of the daemon whose connection stays. */
  readonly warm: string;
  /** The same with a key file of its own, and so with a connection of its own. */
  readonly cold: string;
  /** The arguments of `ssh` up to the host, without multiplexing. */
  readonly ssh: readonly string[];
}

const root = `${import.meta.dirname}/..`;

/**
 * Builds the daemon as it is shipped, into a directory of its own, and starts it and an SSH server.
 * `profile` is a folder for the daemon's CPU profile.
 */
export async function openBed(
  stack: AsyncDisposableStack,
  options: { readonly profile?: string | undefined },
): Promise<Bed> {
  const directory = stack.use(await openDirectory());
  await finished(process.execPath, [`${root}/esbuild.mjs`, "--out", directory.join("dist")]);
  const home = directory.join("home");
  await mkdir(home);
  const sshd = stack.use(
    await openSshd({
      options: {
        MaxStartups: "200:30:400",
        MaxSessions: 100,
        LogLevel: "INFO",
        // The account's own .bashrc may take longer than everything else together.
        SetEnv: `HOME=${home}`,
        ...((await opensshVersion()) >= 9.8 ? { PerSourcePenalties: "no" } : {}),
      },
    }),
  );
  const daemon = stack.use(await openOwnDaemon(stack, directory, options.profile));
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
  return { sshd, daemon, directory, warm: "warm", cold: "cold", ssh: await sshArguments(sshd, directory) };
}

/** Starts the master of a multiplexed connection; gives the arguments of `ssh` that use it. */
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
    await finished("ssh", ["-O", "exit", ...shared]).catch(() => undefined); // gone with its server, it is no failure
  });
  await finished("ssh", ["-O", "check", ...shared]);
  return shared;
}

async function sshArguments(sshd: Sshd, directory: Directory): Promise<readonly string[]> {
  const knownHosts = directory.join("known_hosts");
  await writeFile(knownHosts, sshd.knownHosts);
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

async function openOwnDaemon(
  stack: AsyncDisposableStack,
  directory: Directory,
  profile: string | undefined,
): Promise<Daemon> {
  const profiling = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profile];
  const stateDirectory = directory.join("state");
  await mkdir(stateDirectory, { mode: 0o700 });
  const own = Object.entries(process.env).filter(([name]) => !/^(HOSTRUN_|SSH_AUTH_SOCK$)/.test(name));
  const child = spawn(
    process.execPath,
    [...profiling, directory.join("dist", "daemon.cjs"), "--state-dir", stateDirectory],
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
      // There is no event for a file of another process that appears.
      await delay(50);
    }
  }
}

/** "OpenSSH_9.2p1 …" as 9.2. */
async function opensshVersion(): Promise<number> {
  const { stderr } = await finished("ssh", ["-V"]);
  return Number(/OpenSSH_(\d+\.\d+)/.exec(stderr)?.[1] ?? 0);
}
