/** Counts each client's requests per minute. */
export interface RateLimiter {
  /** Counts one more request by this client. */
  take(client: string, perMinute: number): Promise<RateLimit>;
}

export interface RateLimit {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Milliseconds until the count restarts. */
  readonly resetMs: number;
}
