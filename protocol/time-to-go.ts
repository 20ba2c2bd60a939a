/** The progress of a job, from which its remaining time is estimated. */
export interface JobPace {
  /** The duration, in milliseconds, of each host's command that ended by itself. */
  readonly took: readonly number[];
  /** The time that each unfinished one has been running, in milliseconds. */
  readonly running: readonly number[];
  /** The number of hosts that have not started. */
  readonly waiting: number;
  /** The number of hosts at once. */
  readonly concurrency: number;
}

const enoughHosts = 5;
const enoughShare = 0.1;
/** A host that takes this many times the usual duration is no longer comparable to those that have ended. */
const maxTimes = 2;
const maxSpread = 4;

/**
 * Milliseconds until the last host of a job will have ended, if the others are like those that have. Undefined where
 * this cannot be estimated: too few have ended, their durations vary too much, or one that is running is already
 * slower than they were.
 */
export function timeToGo({ took, running, waiting, concurrency }: JobPace): number | undefined {
  const open = running.length + waiting;
  if (open === 0 || took.length < Math.max(enoughHosts, enoughShare * (took.length + open))) return undefined;
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const [fast, usual, slow] = [at(0.1), at(0.5), at(0.9)];
  if (slow > maxSpread * fast || running.some((ms) => ms > maxTimes * slow)) return undefined;
  // Hosts start as others end: each waiting host takes the place that is free first.
  const free = running.map((ms) => Math.max(0, usual - ms));
  while (free.length < Math.min(concurrency, open)) free.push(0);
  free.sort((a, b) => a - b);
  const rounds = Math.floor(waiting / free.length);
  const rest = waiting % free.length;
  const last = rest === 0 ? (free.at(-1) ?? 0) : Math.max((free[rest - 1] ?? 0) + usual, free.at(-1) ?? 0);
  return rounds * usual + last;
}

/** `about 40 s`, `about 3 min`; undefined for what is over in a moment. */
export function roundedTime(
  ms: number,
): { readonly value: number; readonly unit: "s" | "min" | "h" } | undefined {
  const seconds = ms / 1000;
  if (seconds < 5) return undefined;
  if (seconds < 57.5) return { value: Math.ceil(seconds / 5) * 5, unit: "s" };
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? { value: minutes, unit: "min" } : { value: Math.ceil(minutes / 60), unit: "h" };
}
