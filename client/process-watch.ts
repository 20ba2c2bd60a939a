import { readFileSync } from "node:fs";

/** A process that is to answer is considered hung when it makes no progress for this many polls. */
const maxIdlePolls = 6;
const defaultPace = { pollMs: 500, maxBusyMs: 30_000 };

/**
 * Watches a process that is to answer, and calls `giveUp`: with "hangs" when it has made no progress for 3 s, with
 * "busy" after 30 s in which it made progress, or may have: only Linux shows it. A response that arrived while this
 * process was itself waiting for the CPU is read first. Disposing stops it.
 */
export function watchProcess(
  pid: number,
  giveUp: (why: "hangs" | "busy") => void,
  { pollMs, maxBusyMs } = defaultPace,
): Disposable {
  const deadline = uptimeMs() + maxBusyMs;
  let before: string | undefined;
  let idlePolls = 0;
  let pending: NodeJS.Immediate | undefined;
  const timer = setInterval(() => {
    const now = progressOf(pid);
    idlePolls = now !== undefined && now === before ? idlePolls + 1 : 0;
    before = now;
    const hangs = idlePolls >= maxIdlePolls;
    if (!hangs && uptimeMs() < deadline) return;
    clearInterval(timer);
    pending = setImmediate(() => giveUp(hangs ? "hangs" : "busy"));
  }, pollMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      clearImmediate(pending);
    },
  };
}

/** Avoids node:perf_hooks, which takes 2 ms to load. */
function uptimeMs(): number {
  return process.uptime() * 1000;
}

/**
 * A value that changes when a process makes progress: its CPU time and its time in the run queue
 * (/proc/PID/schedstat); it always changes while the process runs, waits for a CPU or for a disk (states R and D of
 * proc(5)). Undefined if the system does not show it; "gone" when there is no such process.
 */
function progressOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return read("/proc/self/stat") === undefined ? undefined : "gone";
  const state = stat.charAt(stat.lastIndexOf(")") + 2);
  if (state === "R" || state === "D") return String(performance.now());
  const times = read(`/proc/${pid}/schedstat`);
  return times === undefined ? undefined : `${state} ${times}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
