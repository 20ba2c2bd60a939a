/** The time of day for people, and a monotonic clock for arithmetic. */
export interface Clock {
  /** ISO 8601, UTC. */
  now(): string;
  /** Milliseconds, with fractions, from an arbitrary zero; never goes back. */
  elapsed(): number;
}

let textOf = 0;
let text = new Date(textOf).toISOString();

export const systemClock: Clock = {
  now: () => {
    // Events of many runs fall into one millisecond.
    const at = Date.now();
    if (at !== textOf) {
      textOf = at;
      text = new Date(at).toISOString();
    }
    return text;
  },
  elapsed: () => performance.now(),
};
