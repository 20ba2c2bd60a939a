import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { openDirectory } from "./directory.ts";
import { quoted, startOnTerminal } from "./on-terminal.ts";
import type { Sshd } from "./sshd.ts";
import { expectNoWarnings } from "./warnings.ts";

/** The build that is tested: TEST_DIST, else dist/ as `npm run build` leaves it. */
const dist = process.env["TEST_DIST"] ?? join(import.meta.dirname, "../../dist");

export const builtCli = join(dist, "cli.cjs");
export const builtDaemon = join(dist, "daemon.cjs");

export interface Finished {
  /** The exit status, or the name of the signal that ended it. */
  readonly status: number | string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface CliOptions {
  /** Standard input; without it that is /dev/null. */
  readonly input?: Buffer | string;
  readonly env?: NodeJS.ProcessEnv;
}

/** In characters; one that is not told has 0. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** `hostrun` as it is built, for a person of its own: home, state directory and daemon. */
export interface Cli extends AsyncDisposable {
  readonly home: string;
  readonly stateDirectory: string;
  /** Runs it to its end. */
  run(args: readonly string[], options?: CliOptions): Promise<Finished>;
  /** Starts it with pipes, in a working directory; the caller waits for its end. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv, cwd?: string): ChildProcessWithoutNullStreams;
  /** Starts it on a terminal of its own, which echoes what is written to its stdin. */
  startOnTerminal(
    args: readonly string[],
    env?: NodeJS.ProcessEnv,
    size?: TerminalSize,
  ): ChildProcessWithoutNullStreams;
}

/** With `sshd`, its key is known and trusted, and `web1` is a host that stands for it. */
export async function openCli(sshd?: Sshd): Promise<Cli> {
  const directory = await openDirectory();
  const home = directory.join("home");
  const stateDirectory = directory.join("state");
  await mkdir(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  const environment = { PATH: process.env["PATH"], HOME: home, HOSTRUN_HOME: stateDirectory };
  const start: Cli["start"] = (args, env = {}, cwd = process.cwd()) =>
    spawn(process.execPath, [builtCli, ...args], { env: { ...environment, ...env }, cwd, stdio: "pipe" });
  const onTerminal: Cli["startOnTerminal"] = (args, env = {}, size) => {
    const line = [process.execPath, builtCli, ...args].map(quoted).join(" ");
    const sized = size === undefined ? "" : `stty rows ${size.rows} cols ${size.columns}; exec `;
    return startOnTerminal(`${sized}${line}`, { env: { ...environment, ...env } });
  };
  const run: Cli["run"] = (args, { input, env } = {}) => {
    const words = input === undefined && args[0] === "run" ? ["run", "-n", ...args.slice(1)] : args;
    const child = start(words, env);
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    return finish(child);
  };
  const cli: Cli = {
    home,
    stateDirectory,
    run,
    start,
    startOnTerminal: onTerminal,
    async [Symbol.asyncDispose]() {
      await run(["stop", "--force"]);
      await directory[Symbol.asyncDispose]();
    },
  };
  if (sshd !== undefined) await know(cli, sshd);
  return cli;
}

/** Everything that a child writes, and how it ends. */
export async function finish(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  expectNoWarnings(Buffer.concat(stderr).toString(), "The command line");
  return {
    status: child.signalCode ?? child.exitCode,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr),
  };
}

/** Waits until a child has written what is looked for. */
export async function seen(stream: Readable, text: string): Promise<void> {
  let all = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    all += String(chunk);
    if (all.includes(text)) return;
  }
  throw new Error(`It ended with ${all}`);
}

async function know(cli: Cli, sshd: Sshd): Promise<void> {
  await writeFile(join(cli.home, ".ssh/known_hosts"), sshd.knownHosts);
  const address = `${sshd.user}@${sshd.address}:${sshd.port}`;
  const added = await cli.run(["hosts", "add", "web1", address, "--identity-file", sshd.clientKey.path]);
  if (added.status !== 0) throw new Error(added.stderr.toString());
}
