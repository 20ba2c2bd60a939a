import { spawn } from "node:child_process";
import { closeSync, constants, fstatSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { placeTakenStatus } from "../protocol/discovery.ts";
import { Problem } from "../protocol/problem.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { cannotUse } from "../state-directory/file-problem.ts";
import { openOwnFile } from "../state-directory/own-file.ts";
import { makeStateDirectory } from "../state-directory/trusted-directory.ts";
import { daemonFlags } from "./daemon-flags.ts";
import { damagedDiscovery, isDiscoveryDamaged, refuseDamage } from "./damaged-discovery.ts";
import type { Found } from "./discover.ts";
import { lookFor } from "./discover.ts";
import { lastLines } from "./last-lines.ts";
import { takeLock } from "./lock.ts";
import type { Places } from "./places.ts";

/** How to start the daemon. */
export interface LaunchOptions {
  readonly places: Places;
  readonly daemonScript: string;
  /** The Node or Electron that runs it; by default this process's own. */
  readonly daemonRuntime?: string | undefined;
  /** Additional arguments for the daemon. */
  readonly daemonArguments?: readonly string[] | undefined;
  /** How long the daemon may take to answer; by default a minute, for a heavily loaded machine. */
  readonly deadlineMs?: number | undefined;
}

const defaultDeadlineMs = 60_000;

/**
 * Waits before the next poll: briefly at first, and longer the more time has passed, since a hundred clients that poll
 * constantly would keep the daemon from starting.
 */
async function waitToPoll(since: number, signal: AbortSignal | undefined): Promise<void> {
  const span = Math.min(500, 10 + (performance.now() - since) / 8);
  await wait(span, undefined, signal === undefined ? {} : { signal });
}

/**
 * Finds the daemon or starts it, detached, with its output going to daemon.log. If several processes try at once, one
 * starts it, holding a lock, and the others find it. Rejects with `daemon_unreachable` when it does not answer in time
 * or dies while starting, with the end of what it wrote.
 */
export async function launch(options: LaunchOptions, signal?: AbortSignal): Promise<Found> {
  const { places } = options;
  makeStateDirectory(places.directory);
  const since = performance.now();
  const deadline = since + (options.deadlineMs ?? defaultDeadlineMs);
  for (;;) {
    const found = await lookFor(places, signal);
    if (found !== undefined) return found;
    const lock = takeLock(places.lock);
    if (lock !== undefined) {
      using _ = lock;
      return await startLocked(options, deadline, signal);
    }
    if (performance.now() > deadline) throw late(places, "Another process has been starting it");
    await waitToPoll(since, signal);
  }
}

/** Called with the lock held; another daemon may still exist, started as a service or by hand. */
async function startLocked(
  options: LaunchOptions,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { places } = options;
  const before = await lookFor(places, signal);
  if (before !== undefined) return before;
  await refuseDamage(places);
  using starter = new DaemonStarter(options, await isListening(places.socket));
  const since = performance.now();
  for (;;) {
    const found = await lookFor(places, signal);
    if (found !== undefined) return found;
    starter.look();
    if (performance.now() > deadline) throw starter.isTaken ? taken(places) : late(places, "It was started");
    await waitToPoll(since, signal);
  }
}

/** How long an existing listener may take to answer, such as a service that is started by the first connection. */
const listenerMs = 20_000;
/** The delay before a daemon that found another one running is started again: the other may have been about to exit. */
const placeTakenMs = 250;

/** Starts the daemon, and restarts it while another one is about to exit. */
class DaemonStarter implements Disposable {
  readonly #options: LaunchOptions;
  #child: Child | undefined;
  #nextAt: number;
  #isTaken = false;

  constructor(options: LaunchOptions, somebodyListens: boolean) {
    this.#options = options;
    this.#nextAt = performance.now() + (somebodyListens ? listenerMs : 0);
    this.look();
  }

  /** Whether another daemon had its place when it was last started. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Throws if it died. */
  look(): void {
    const end = this.#child?.ended();
    if (end !== undefined && !end.isTaken)
      throw died(this.#options.places, end.how, this.#child?.written() ?? []);
    if (end !== undefined) {
      // Its place is taken by a daemon that does not listen on the socket.
      if (isDiscoveryDamaged(this.#options.places)) throw damagedDiscovery(this.#options.places);
      this[Symbol.dispose]();
      this.#isTaken = true;
      this.#nextAt = performance.now() + placeTakenMs;
    }
    if (this.#child === undefined && performance.now() >= this.#nextAt) this.#child = start(this.#options);
  }

  [Symbol.dispose](): void {
    this.#child?.[Symbol.dispose]();
    this.#child = undefined;
  }
}

/** Proof that nothing listens; EINVAL: the path is too long for any socket. */
const notListening = ["ECONNREFUSED", "ENOENT", "EINVAL"];

/** Connecting also makes a socket-activated service start. */
function isListening(socket: string): Promise<boolean> {
  if (process.platform === "win32") return Promise.resolve(false);
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.on("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", (error) => resolve(!notListening.includes(errorCode(error) ?? "")));
  });
}

interface Child extends Disposable {
  /** How it ended, if it has, and whether that was because another daemon is running. */
  ended(): { readonly how: string; readonly isTaken: boolean } | undefined;
  /** The end of what it has written so far. */
  written(): string[];
}

function start({ places, daemonScript, daemonRuntime, daemonArguments = [] }: LaunchOptions): Child {
  const log = openLog(places.log);
  const from = fstatSync(log).size;
  let end: ReturnType<Child["ended"]>;
  const args = [...daemonFlags, daemonScript, "--state-dir", places.directory, ...daemonArguments];
  const child = spawn(daemonRuntime ?? process.execPath, args, {
    cwd: places.directory,
    env: daemonEnvironment(),
    detached: true,
    windowsHide: true,
    stdio: ["ignore", log, log],
  });
  child.on("error", (error) => {
    end = { how: `could not be started (${errorCode(error) ?? error.name})`, isTaken: false };
  });
  child.on("exit", (code, signal) => {
    const how =
      signal === null ? `ended at once with status ${code}` : `was ended at once by SIG${signal.slice(3)}`;
    end = { how, isTaken: code === placeTakenStatus };
  });
  child.unref();
  return {
    ended: () => end,
    written: () => lastLines(log, from),
    [Symbol.dispose]: () => closeSync(log),
  };
}

function openLog(path: string): number {
  try {
    return openOwnFile(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw cannotUse(`The daemon's log ${path} cannot be written`, cause);
  }
}

/** This process's own environment, without the variables meant for this process only. */
export function daemonEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_OPTIONS$|VSCODE_|ELECTRON_)/.test(name),
  );
  return { ...Object.fromEntries(own), ELECTRON_RUN_AS_NODE: "1" };
}

function died(places: Places, end: string, written: readonly string[]): Problem {
  const said = written.length === 0 ? " It wrote nothing." : "";
  return new Problem("daemon_unreachable", `The Hostrun daemon ${end}.${said} Its log is ${places.log}.`, {
    reason: "died",
    written: [...written],
  });
}

/** A daemon makes its files again within seconds, unless it hangs. */
function taken({ instanceLock, socket }: Places): Problem {
  return new Problem(
    "daemon_unreachable",
    `Another Hostrun daemon holds ${instanceLock}, but does not listen on ${socket}: it hangs. ` +
      `See \`fuser ${instanceLock}\`, and end it.`,
    { reason: "late" },
  );
}

function late(places: Places, what: string): Problem {
  return new Problem(
    "daemon_unreachable",
    `The Hostrun daemon does not answer. ${what}, but it was not ready in time. See ${places.log}.`,
    { reason: "late" },
  );
}
