import { readFileSync } from "node:fs";

/** One tick of Linux's USER_HZ. */
export const tickMs = 10;

/** The CPU time of this process's exited children (proc(5): cutime, cstime); NaN elsewhere. */
export function childTicks(): number {
  return ticks("self", 13);
}

/** A process's own CPU time (utime, stime). */
export function processTicks(pid: number): number {
  return ticks(String(pid), 11);
}

function ticks(pid: string, field: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[field]) + Number(fields[field + 1]);
  } catch {
    return Number.NaN;
  }
}
