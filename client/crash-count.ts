import { Problem } from "../protocol/problem.ts";
import { lastLinesOf } from "./last-lines.ts";
import type { Places } from "./places.ts";

/** Counts crashes, so that a daemon that keeps crashing is not restarted forever. */
export class CrashCount {
  readonly #limit: number;
  readonly #spanMs: number;
  readonly #now: () => number;
  #times: number[] = [];

  /** Gives up at `limit` crashes within `spanMs`. `now` is in milliseconds and never goes back. */
  constructor(limit = 5, spanMs = 180_000, now = () => performance.now()) {
    this.#limit = limit;
    this.#spanMs = spanMs;
    this.#now = now;
  }

  /** Counts a crash. Returns the delay before the next start in ms, or undefined to give up. */
  crashed(): number | undefined {
    const now = this.#now();
    this.#times = [...this.#times.filter((at) => now - at < this.#spanMs), now];
    if (this.#times.length >= this.#limit) return undefined;
    return 250 * 2 ** (this.#times.length - 1);
  }

  forget(): void {
    this.#times = [];
  }
}

/** Reports why the daemon is not restarted automatically, with the end of its log. */
export function crashedTooOften({ log }: Pick<Places, "log">): Problem {
  return new Problem(
    "daemon_unreachable",
    "The Hostrun daemon crashed five times within three minutes, so it is not started again by itself. " +
      `Its log is ${log}; \`hostrun doctor\` looks for what is wrong, and \`hostrun start\` tries again.`,
    { reason: "died", written: lastLinesOf(log) },
  );
}
