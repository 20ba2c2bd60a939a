/** The pool's limits; read at each use, so that a changed setting applies immediately. */
export interface PoolLimits {
  readonly maxConnections: number;
  /** How long an unused connection is kept, in milliseconds. */
  readonly idleMs: number;
  readonly channelsPerConnection: number;
  /** Milliseconds between keepalives; the connection is given up after two unanswered ones. 0: off. */
  readonly keepaliveMs: number;
  /** In bits: RSA keys with fewer are refused. */
  readonly requiredRsaSize: number;
}

/** Totals since the pool was opened, and current counts. */
export interface PoolMetrics {
  readonly connections: number;
  readonly idle: number;
  readonly busy: number;
  readonly channels: number;
  readonly opened: number;
  readonly evicted: number;
  readonly failed: number;
}
