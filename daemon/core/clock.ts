/** The time of day for people, and a monotonic clock for arithmetic. */
export interface Clock {
  /** ISO 8601, UTC. */
  now(): string;
  /** Milliseconds, with fractions, from an arbitrary zero; never goes back. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  elapsed: () => performance.now(),
};
