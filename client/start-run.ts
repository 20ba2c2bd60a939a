export interface StartRunOptions {
  /** The same key and request give the same run; by default a new one. */
  readonly idempotencyKey?: string | undefined;
  /** Reject with `confirmation_required` on a production host. */
  readonly refuseProduction?: boolean | undefined;
}

/** What of a request that starts a run comes from its options. */
export function startInput({ idempotencyKey, refuseProduction }: StartRunOptions) {
  return {
    headers: { "idempotency-key": idempotencyKey ?? newIdempotencyKey() },
    production: refuseProduction === true ? ("refuse" as const) : undefined,
  };
}

let keys = 0;

/** Unlike any other on this machine, but no secret; made without node:crypto and node:perf_hooks, which take some ms to load. */
export function newIdempotencyKey(): string {
  keys += 1;
  const parts = [process.pid, Date.now(), keys, Math.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36)).join("-");
}
