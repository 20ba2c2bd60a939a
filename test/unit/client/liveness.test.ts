import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { isAlive } from "../../../client/liveness.ts";

test("a process that runs is alive, one that has ended is not", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  const pid = child.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  const exited = once(child, "exit");
  child.kill();
  await exited;
  expect(isAlive(pid)).toBe(false);
});

test("a process that nobody has collected is not alive", async () => {
  // The shell becomes a program that does not know of its child, so that it stays a zombie.
  const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const { value } = await createInterface(parent.stdout)[Symbol.asyncIterator]().next();
    const pid = Number(value);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(process.kill(pid, 0)).toBe(true);
  } finally {
    const exited = once(parent, "exit");
    parent.kill();
    await exited;
  }
});
