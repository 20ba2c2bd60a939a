import { expect, test } from "vitest";
import { collectGarbage } from "../support/garbage.ts";
import { openSshPool, targetOf, type TestPool } from "../support/ssh-pool.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";

/** Runs a command; what it was told of on the way is nobody's afterwards but the connection's. */
async function runOn(pool: TestPool, sshd: Sshd): Promise<WeakRef<(message: string) => void>> {
  let told = 0;
  const step = (): void => {
    told += 1;
  };
  await pool.run(targetOf(sshd), "true", { step });
  expect(told).toBeGreaterThan(0);
  return new WeakRef(step);
}

test("a connection that is up keeps nothing of the request that it was opened for", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const step = await runOn(pool, sshd);
  await collectGarbage();
  expect(pool.pool.list().map(({ state }) => state)).toEqual(["idle"]);
  expect(step.deref()).toBeUndefined();
});
