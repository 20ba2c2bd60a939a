import { expect, test } from "vitest";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";

test("runs a command and tells its output and exit status", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const run = await pool.run(targetOf(sshd), "echo out; echo err >&2; exit 3");
  expect(run.stdout.toString()).toBe("out\n");
  expect(run.stderr.toString()).toBe("err\n");
  expect(run.end).toEqual({ kind: "exited", code: 3 });
});

test("200 runs one after the other share one connection", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  for (let count = 0; count < 200; count += 1) {
    const run = await pool.run(targetOf(sshd), "true");
    expect(run.end).toEqual({ kind: "exited", code: 0 });
  }
  expect(pool.pool.figures()).toMatchObject({ opened: 1, reused: 199, connections: 1, idle: 1 });
});
