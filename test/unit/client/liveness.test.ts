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
  // Perl collects no child by itself, so that this one stays a zombie; a shell may, before it becomes another program.
  const program = '$| = 1; my $child = fork; exec "sleep", "60" if !$child; print "$child\\n"; sleep 60';
  const parent = spawn("/usr/bin/perl", ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
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
