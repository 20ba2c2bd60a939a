import { randomFillSync } from "node:crypto";

const pool = Buffer.alloc(4096);
let used = pool.length;

/**
 * Random bytes for unguessable names, generated for many at once: one system call per run would take longer than the rest
 * of its use.
 */
export function pooledRandom(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const taken = Buffer.from(pool.subarray(used, used + bytes));
  // Bytes that were returned are not kept here.
  pool.fill(0, used, used + bytes);
  used += bytes;
  return taken;
}
