let keys = 0;

/** Unlike any other on this machine, but no secret; made without node:crypto and node:perf_hooks, which take some ms to load. */
export function newIdempotencyKey(): string {
  keys += 1;
  const parts = [process.pid, Date.now(), keys, Math.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36)).join("-");
}
