export interface StartRunOptions {
  /** The same key and request return the same run; by default a new key. */
  readonly idempotencyKey?: string | undefined;
  /** Reject with `confirmation_required` for a production host. */
  readonly refuseProduction?: boolean | undefined;
}

/** The part of a request that starts a run that depends on its options. */
export function startInput({ idempotencyKey, refuseProduction }: StartRunOptions) {
  return {
    headers: { "idempotency-key": idempotencyKey ?? newIdempotencyKey() },
    production: refuseProduction === true ? ("refuse" as const) : undefined,
  };
}

let keys = 0;

/** Unique on this machine, but not secret; avoids node:crypto and node:perf_hooks, which take some ms to load. */
export function newIdempotencyKey(): string {
  keys += 1;
  const parts = [process.pid, Date.now(), keys, Math.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36)).join("-");
}
