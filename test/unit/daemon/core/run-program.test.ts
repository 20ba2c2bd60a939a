import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { runProgram } from "../../../../daemon/core/run-program.ts";
import { openDirectory } from "../../../support/directory.ts";

const common = { env: { PATH: process.env["PATH"] }, timeoutMs: 30_000, maxBytes: 1000 };
const shell = (script: string, more = {}) =>
  runProgram({ file: "sh", args: ["-c", script], ...common, ...more });

test("output, errors and status of a program are told", async () => {
  const ran = await shell("cat; echo oh >&2; exit 3", { input: "in" });
  expect(ran).toEqual({ kind: "exited", code: 3, stdout: Buffer.from("in"), stderr: "oh\n" });
});

test("no more of standard error is kept than of use", async () => {
  const ran = await shell("yes no | head -c 100000 >&2");
  expect(ran).toMatchObject({ kind: "exited", code: 0 });
  expect(ran.kind === "exited" && ran.stderr.length).toBeLessThanOrEqual(4096);
});

test("one that prints too much, takes too long or is killed has failed", async () => {
  expect(await shell("exec yes")).toEqual({ kind: "failed", why: "it printed more than 1000 bytes" });
  // What holds its output open is not waited for.
  const slow = await shell("sleep 3 & echo $!; wait", { timeoutMs: 300 });
  expect(slow).toEqual({ kind: "failed", why: "it took longer than 0.3 s" });
  expect(await shell("kill -9 $$")).toEqual({ kind: "failed", why: "it was ended by SIGKILL" });
});

test("one that is not there, or whose arguments cannot be passed on, has failed", async () => {
  const missing = await runProgram({ file: "/nowhere/program", args: [], ...common });
  expect(missing).toEqual({ kind: "failed", why: "there is no such program", missing: true });
  const bad = await runProgram({ file: "sh", args: ["\0"], ...common });
  expect(bad).toMatchObject({ kind: "failed" });
});

test("one that takes too long is killed with all that it has started", async () => {
  await using directory = await openDirectory();
  const pidFile = directory.join("pid");
  const script = 'sleep 1000 & echo $! > "$1"; wait';
  const killed: number[] = [];
  const result = await runProgram({
    ...common,
    file: "sh",
    args: ["-c", script, "sh", pidFile],
    timeoutMs: 1500,
    endGroup: (pid) => {
      killed.push(pid);
      process.kill(-pid, "SIGKILL");
    },
  });
  expect(result).toEqual({ kind: "failed", why: "it took longer than 1.5 s" });
  expect(killed).toHaveLength(1);
  const pid = (await readFile(pidFile, "utf8")).trim();
  await expect
    .poll(() => readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tX"))
    .toMatch(/^State:\t[XZ]/m);
});
