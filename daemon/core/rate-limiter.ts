/** Counts what each client does in a minute. */
export interface RateLimiter {
  /** One more by this client. */
  take(client: string, perMinute: number): Promise<RateLimit>;
}

export interface RateLimit {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Milliseconds until the count begins again. */
  readonly resetMs: number;
}
