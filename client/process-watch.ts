import { readFileSync } from "node:fs";

/** Nobody who was asked something does nothing at all for this many looks. */
const maxStillLooks = 6;
const defaultPace = { lookMs: 500, maxBusyMs: 30_000 };

/**
 * Calls `giveUp` when a process that was asked something is to be given up: "hangs" when it has done nothing for 3 s,
 * "busy" after 30 s in which it did something, or may have: only Linux tells. What came while this process itself waited
 * for its turn is read before. Disposing ends it.
 */
export function watchProcess(
  pid: number,
  giveUp: (why: "hangs" | "busy") => void,
  { lookMs, maxBusyMs } = defaultPace,
): Disposable {
  const deadline = uptimeMs() + maxBusyMs;
  let before: string | undefined;
  let still = 0;
  let told: NodeJS.Immediate | undefined;
  const looks = setInterval(() => {
    const now = progressOf(pid);
    still = now !== undefined && now === before ? still + 1 : 0;
    before = now;
    const hangs = still >= maxStillLooks;
    if (!hangs && uptimeMs() < deadline) return;
    clearInterval(looks);
    told = setImmediate(() => giveUp(hangs ? "hangs" : "busy"));
  }, lookMs);
  return {
    [Symbol.dispose]() {
      clearInterval(looks);
      clearImmediate(told);
    },
  };
}

/** Without node:perf_hooks, which takes 2 ms to load. */
function uptimeMs(): number {
  return process.uptime() * 1000;
}

/**
 * Something that changes when a process gets on: its time on a processor and its time in the queue for one
 * (/proc/PID/schedstat); and always while it runs, waits for its turn or for a disk (states R and D of proc(5)).
 * Undefined where the system does not tell; "gone" when there is no such process.
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
