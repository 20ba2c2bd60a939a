/** What the pool may use; read at each use, so that a changed setting holds from then on. */
export interface PoolLimits {
  readonly maxConnections: number;
  /** How long an unused connection is kept, in milliseconds. */
  readonly idleMs: number;
  readonly channelsPerConnection: number;
  /** Milliseconds between keepalives; the connection is given up when two went unanswered. 0: off. */
  readonly keepaliveMs: number;
  /** In bits: RSA keys with fewer are refused. */
  readonly requiredRsaSize: number;
}

/** Counted since the pool was opened, and how it is now. */
export interface PoolMetrics {
  readonly connections: number;
  readonly idle: number;
  readonly busy: number;
  readonly channels: number;
  readonly opened: number;
  readonly reused: number;
  readonly evicted: number;
  readonly failed: number;
}
