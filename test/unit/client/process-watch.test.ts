import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { watchProcess } from "../../../client/process-watch.ts";

vi.setConfig({ testTimeout: 60_000 });

const pace = { pollMs: 20, maxBusyMs: 1000 };

function untilGivenUp(pid: number, pacing: typeof pace): Promise<"hangs" | "busy"> {
  return new Promise((giveUp) => {
    const watch = watchProcess(pid, giveUp, pacing);
    onTestFinished(() => watch[Symbol.dispose]());
  });
}

function start(command: string): { readonly pid: number } {
  const child = spawn("/bin/sh", ["-c", command], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { pid: child.pid ?? 0 };
}

test("a process that is stopped hangs", async () => {
  const { pid } = start("while :; do :; done");
  process.kill(pid, "SIGSTOP");
  expect(await untilGivenUp(pid, { ...pace, maxBusyMs: 60_000 })).toBe("hangs");
});

test("a process that waits for something for ever hangs, and so does one that is gone", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  expect(await untilGivenUp(child.pid ?? 0, { ...pace, maxBusyMs: 60_000 })).toBe("hangs");
  child.kill();
  await once(child, "exit");
  expect(await untilGivenUp(child.pid ?? 0, { ...pace, maxBusyMs: 60_000 })).toBe("hangs");
});

test("a process that computes does not hang, and is given up in the end", async () => {
  const { pid } = start("while :; do :; done");
  expect(await untilGivenUp(pid, pace)).toBe("busy");
});

test("who has an answer stops looking", async () => {
  const { pid } = start("sleep 60");
  let given = false;
  watchProcess(
    pid,
    () => {
      given = true;
    },
    pace,
  )[Symbol.dispose]();
  // It would have been given up before.
  await untilGivenUp(pid, pace);
  expect(given).toBe(false);
});
