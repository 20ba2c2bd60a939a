import { execFile } from "node:child_process";
import { readdir, readlink, realpath } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { Problem } from "../protocol/problem.ts";
import { readDiscovery } from "./discover.ts";
import { isAlive } from "./liveness.ts";
import type { Places } from "./places.ts";

const pollMs = 20;
/** A daemon that was merely waiting, or suspended (SIGSTOP), shuts down within this; any other is killed. */
const endMs = 5000;

/**
 * Ends the unresponsive daemon of a state directory, and returns its pid; undefined when daemon.json names none. The
 * process named there is ended only if it really is the daemon; otherwise rejects with `conflict`, and leaves it
 * alone.
 */
export async function endDaemon(places: Places): Promise<number | undefined> {
  const pid = readDiscovery(places)?.pid;
  if (pid === undefined || !isAlive(pid)) return undefined;
  if (!(await isDaemonOf(pid, places))) {
    throw new Problem(
      "conflict",
      `Process ${pid}, which ${places.discovery} names, is not the daemon of ${places.directory}, and was left alone. ` +
        `Something else listens on ${places.socket}: see \`fuser ${places.instanceLock} ${places.socket}\`, and end it.`,
    );
  }
  process.kill(pid, "SIGTERM");
  // A suspended process handles no signal until it is resumed.
  if (process.platform !== "win32") process.kill(pid, "SIGCONT");
  if (await isGone(pid, endMs)) return pid;
  process.kill(pid, "SIGKILL");
  if (await isGone(pid, endMs)) return pid;
  throw new Problem("timed_out", `The daemon (process ${pid}) could not be killed: it may wait for a disk.`);
}

/** Whether a process has ended, or ends within the timeout. Rejects when `signal` is aborted. */
export async function isGone(pid: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await wait(pollMs, undefined, signal === undefined ? {} : { signal });
  }
  return true;
}

/** A daemon keeps its instance lock open for as long as it lives, and nothing else opens it for long. */
async function isDaemonOf(pid: number, { instanceLock }: Places): Promise<boolean> {
  // Windows does not show a process's open files; daemon.json is in a directory that only the user can write to.
  if (process.platform === "win32") return true;
  const lock = await realpath(instanceLock).catch(() => undefined);
  if (lock === undefined) return false;
  if (process.platform !== "linux") return (await openersOf(lock)).includes(pid);
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
  return targets.includes(lock);
}

/** The pids of processes that have a file open, from lsof(8), which is part of macOS. */
async function openersOf(path: string): Promise<number[]> {
  try {
    const { stdout } = await promisify(execFile)("lsof", ["-t", "--", path]);
    return stdout.split("\n").map(Number);
  } catch {
    return [];
  }
}
