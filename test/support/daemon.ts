import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, type FSWatcher, watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { daemonFlags } from "../../client/daemon-flags.ts";
import { type Daemon, openDaemon } from "../../client/daemon.ts";
import { openDirectory } from "./directory.ts";
import { createHttp, type Http } from "./http.ts";
import { expectNoWarnings } from "./warnings.ts";

export interface TestDaemonOptions {
  /** Beside PATH, HOME and HOSTRUN_HOME, which are all that it gets otherwise. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly flags?: readonly string[];
  /** By default the build that is tested. */
  readonly script?: string;
  /** A program and its arguments that start the daemon and are it from then on. */
  readonly under?: readonly string[];
  /** The person's home directory; by default an empty one of its own. */
  readonly home?: string;
  /** HOSTRUN_HOME; by default one of its own. Give one to start a daemon on what another one left. */
  readonly stateDirectory?: string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to standard error. */
  readonly stderr: string;
}

/** A daemon's process, whether or not it comes up. */
export interface DaemonProcess extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): Promise<ProcessEnd>;
}

/** A daemon that is ready, with a state directory and a home directory of its own. */
export interface TestDaemon extends DaemonProcess {
  readonly home: string;
  readonly stateDirectory: string;
  readonly socket: string;
  /** Plain HTTP over its socket. */
  readonly http: Http;
  /** The client that the extension and the command line use. */
  readonly client: Daemon;
}

/** The build that is tested: TEST_DIST, else dist/ as `npm run build` leaves it. */
const builtScript = join(process.env["TEST_DIST"] ?? join(import.meta.dirname, "../../dist"), "daemon.cjs");

export async function openTestDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const home = options.home ?? directory.join("home");
  const stateDirectory = options.stateDirectory ?? directory.join("state");
  await mkdir(home, { recursive: true });
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const ready = watchFor(stateDirectory, "daemon.json");
  const daemon = stack.use(spawnDaemon({ ...options, home, stateDirectory }));
  const first = await Promise.race([ready, daemon.ended]);
  if (first !== "seen") throw new Error(`The daemon did not start: ${first.stderr}`);
  const client = stack.use(await openDaemon({ stateDirectory }));
  const socket = join(stateDirectory, "daemon.sock");
  const http = stack.use(createHttp(socket));
  const owned = stack.move();
  return {
    ...daemon,
    home,
    stateDirectory,
    socket,
    http,
    client,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Starts the daemon and waits for nothing. Disposing ends it as `hostrun stop` does, and insists; it rejects when the
 * daemon warned of anything, however it ended.
 */
export function spawnDaemon(
  options: TestDaemonOptions & { readonly home: string; readonly stateDirectory: string },
): DaemonProcess {
  const [program = process.execPath, ...args] = [
    ...(options.under ?? []),
    process.execPath,
    ...daemonFlags,
    options.script ?? builtScript,
    ...(options.flags ?? []),
  ];
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: options.home,
      HOSTRUN_HOME: options.stateDirectory,
      // What a test leaves is not waited for.
      HOSTRUN_DRAIN_TIMEOUT_MS: "0",
      ...options.environment,
    },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    stderr,
  }));
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = (signal: NodeJS.Signals): Promise<ProcessEnd> => {
    if (!over()) child.kill(signal);
    return ended;
  };
  return {
    pid: child.pid ?? -1,
    ended,
    kill,
    async [Symbol.asyncDispose]() {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, 30_000);
      const { stderr: written } = await kill("SIGTERM");
      clearTimeout(timer);
      expectNoWarnings(written, "The daemon");
      if (late) throw new Error("The daemon did not stop within 30 s of SIGTERM");
    },
  };
}

/** Resolves when a file of this name has appeared in a directory, also by a rename. */
export async function watchFor(directory: string, name: string): Promise<"seen"> {
  const { promise, resolve } = Promise.withResolvers<"seen">();
  const watcher: FSWatcher = watch(directory, (event, file) => {
    // A daemon removes what the one before left of it.
    if (event === "rename" && file === name && existsSync(join(directory, name))) resolve("seen");
  });
  watcher.unref();
  try {
    return await promise;
  } finally {
    watcher.close();
  }
}
