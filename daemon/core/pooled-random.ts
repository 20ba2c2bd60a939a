import { randomFillSync } from "node:crypto";

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Random bytes for names that nobody is to guess, fetched for many at once: a call for each run would take longer than its use. */
export function pooledRandom(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const taken = Buffer.from(pool.subarray(used, used + bytes));
  // What was given away is not kept here.
  pool.fill(0, used, used + bytes);
  used += bytes;
  return taken;
}
