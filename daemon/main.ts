import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";
import { minDaemonNode, runsDaemon } from "../protocol/daemon-node.ts";
import { placeTakenStatus } from "../protocol/discovery.ts";
import { joinPath, placeNames, stateDirectory } from "../protocol/places.ts";
import { Problem } from "../protocol/problem.ts";
import { checkStart, openDaemon } from "./compose.ts";
import { agentSocketOf } from "./core/agent-socket.ts";
import { userName } from "./core/user-name.ts";

const served = Promise.withResolvers<void>();

/** For the launcher; see `runCompiled`. */
export const whenFinished = served.promise;

/**
 * Entry point: `daemon.cjs [--check] [--state-dir DIR] [--SETTING VALUE]…`, each setting in kebab case. With `--check` it
 * only reports whether it could start in place of the running one.
 */
async function main(): Promise<void> {
  checkRuntime(process.versions.node);
  process.umask(0o077);
  const home = homedir();
  const { directory, flags, onlyChecks } = readArguments(process.argv.slice(2), home);
  if (onlyChecks) return checkStart({ stateDirectory: directory, environment: process.env, flags });
  const stop = Promise.withResolvers<string>();
  const signalled = onEndSignal();
  for (const name of ignoredSignals) process.on(name, () => undefined);
  const packaged = join(import.meta.dirname, "native", "better_sqlite3.node");
  const inDist = existsSync(packaged);
  const beside = (name: string): string => join(import.meta.dirname, `${name}.${inDist ? "cjs" : "ts"}`);
  await using daemon = await openDaemon({
    stateDirectory: directory,
    socket: socketPath(directory),
    activatedSocket: takeActivatedSocket(),
    environment: process.env,
    flags,
    version,
    pid: process.pid,
    machineClock: () => Number(process.hrtime.bigint() / 1_000_000n),
    // In the foreground of a terminal; in the background standard error is the log file itself.
    showLog: process.stderr.isTTY ? (line) => process.stderr.write(line) : undefined,
    memory: () => process.memoryUsage(),
    collectGarbage: () => globalThis.gc?.({ type: "major", flavor: "last-resort" }),
    home,
    accountHome: accountHome(home),
    user: userName(() => userInfo().username, process.env, process.getuid?.()),
    agentSocket: agentSocketOf(process.env, process.platform),
    uid: process.getuid?.(),
    migrations: join(import.meta.dirname, inDist ? "migrations" : "../migrations"),
    nativeBinding: inDist ? packaged : undefined,
    reader: { runtime: process.execPath, script: beside("reader") },
    endGroup,
    keyOpener: beside("key-opener"),
    storeTask: beside("store-task"),
    differ: beside("differ"),
    checkpointer: beside("checkpointer"),
    onShutdown: stop.resolve,
    onFault: (listener) => process.on("uncaughtException", listener),
  });
  void daemon.served.then(served.resolve);
  const signal = await Promise.race([signalled, stop.promise.then(() => undefined)]);
  const reason = signal === undefined ? await stop.promise : `it was sent ${signal}`;
  process.stderr.write(`hostrun daemon: stopping, ${reason}\n`);
  // A client may also ask it not to wait.
  if (signal !== undefined) await Promise.race([daemon.drain(), stop.promise]);
}

function readArguments([first, ...rest]: readonly string[], home: string) {
  const onlyChecks = first === "--check";
  const words = onlyChecks || first === undefined ? rest : [first, ...rest];
  const { "state-dir": given, ...flags } = parseFlags(words);
  const env = { ...process.env, ...(given && { HOSTRUN_HOME: given }) };
  return { directory: stateDirectory(process.platform, env, home), flags, onlyChecks };
}

/**
 * SIGHUP: closing the terminal does not end a daemon that was started from it. SIGUSR1: Node would open its inspector, through which
 * every local account can run code in the daemon. The others would end it without its clean stop.
 */
const ignoredSignals = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const;

/** Resolves to the first signal that asks the daemon to end. A second one ends it immediately, by its default action. */
function onEndSignal(): Promise<NodeJS.Signals> {
  const signals = ["SIGTERM", "SIGINT"] as const;
  return new Promise((resolve) => {
    const first = (signal: NodeJS.Signals): void => {
      for (const name of signals) process.off(name, first);
      resolve(signal);
    };
    for (const name of signals) process.on(name, first);
  });
}

/** An account without an entry in the system's database has none. */
function accountHome(fallback: string): string {
  try {
    return userInfo().homedir;
  } catch {
    return fallback;
  }
}

function endGroup(pid: number): void {
  try {
    // Windows has no process groups.
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // The process is gone.
  }
}

function checkRuntime(node: string): void {
  if (runsDaemon(node)) return;
  throw new Problem(
    "conflict",
    `The daemon needs Node.js ${minDaemonNode} or later, and this is ${node}. Run it with a newer one.`,
  );
}

/** sd_listen_fds(3): the first descriptor after standard error, if it is meant for this process. */
function takeActivatedSocket(): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  // Child processes must not inherit these.
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"])
    Reflect.deleteProperty(process.env, name);
  return LISTEN_PID === String(process.pid) && LISTEN_FDS === "1" ? 3 : undefined;
}

function socketPath(directory: string): string {
  if (process.platform !== "win32") return joinPath(process.platform, directory, placeNames.socket);
  return `\\\\.\\pipe\\hostrun-${directory.replace(/[^A-Za-z0-9]+/g, "-").slice(-200)}`;
}

/** `--name value` or `--name=value`; the settings validate the names. */
function parseFlags(args: readonly string[]): Record<string, string> {
  const flags: [name: string, value: string][] = [];
  const words = args.flatMap((word) => (word.startsWith("--") ? word.split(/=(.*)/s, 2) : [word]));
  for (let at = 0; at < words.length; at += 2) {
    const [name = "", value] = words.slice(at, at + 2);
    if (!name.startsWith("--") || value === undefined) {
      throw new Problem(
        "invalid_request",
        `${name} is not a known option. Options are given as --name value.`,
      );
    }
    flags.push([name.slice(2), value]);
  }
  return Object.fromEntries(flags);
}

main().then(
  () => process.exit(0),
  (failure: unknown) => {
    const message =
      failure instanceof Problem ? failure.message : failure instanceof Error ? failure.stack : failure;
    process.stderr.write(`hostrun daemon: ${String(message)}\n`);
    const isTaken = failure instanceof Problem && failure.members.reason === "place_taken";
    process.exit(isTaken ? placeTakenStatus : 1);
  },
);
