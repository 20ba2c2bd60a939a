import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { processesOf } from "../support/processes.ts";
import type { RunReading } from "../support/run-stream.ts";
import { openUnixUser } from "../support/unix-user.ts";
import { awaitWorker, byWorker, startByWorker } from "../support/worker-runs.ts";

await using starting = new AsyncDisposableStack();
const user = starting.use(await openUnixUser());
await writeFile(join(user.home, ".bashrc"), "sleep 0.08\n");
const sshd = { options: { SetEnv: "HOSTRUN_TEST=1" } };
const daemon = starting.use(await openHostedDaemon({ sshd, host: { user: user.name } }));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

function outcomeOf(run: RunReading): unknown {
  const { outcome, exitCode, signal, sha256 } = run.complete;
  return { outcome, exitCode, signal, sha256, stdout: run.text(), stderr: run.text("stderr") };
}

async function runByWorker(command: string, stdin: string): Promise<RunReading> {
  for (let tries = 0; tries < 200; tries += 1) {
    const run = await daemon.run(command, { stdin });
    if (byWorker(run)) return run;
  }
  throw new Error("No worker was started.");
}

const write = (run: RunReading, body: object) =>
  daemon.http.ask("POST", `/api/runs/${run.id}/stdin`, { json: body });

const lines = "one\ntwo é\u0000\nE 1 0\nthree without a last newline";

test.each([
  ["cat", lines],
  ['read -r x; echo "$x"; cat', lines],
  ["head -c 3; exit 4", lines],
  ["[ -p /dev/stdin ] && echo a pipe; ls /proc/self/fd | wc -l; ls -l /proc/self/fd/0 | grep -c pipe", lines],
  ["bash -s x y", "echo $# $1; exit 7\necho never\n"],
  ["sha256sum; cat", "0123456789abcdef".repeat(60_000)],
  ["true", "0123456789abcdef".repeat(60_000)],
  ["exec <&-; sleep 0.2; echo closed", "0123456789abcdef".repeat(60_000)],
  ["sleep 0.3; wc -c", "0123456789abcdef".repeat(60_000)],
  ["cat & cat; wait", ""],
  ["kill -9 $$", lines],
  ["(sleep 0.3; cat; echo late) & exit 6", lines],
])("a worker's %s gets its standard input as from a session of its own", async (command, stdin) => {
  await awaitWorker(daemon);
  const plain = outcomeOf(await daemon.run(command, { stdin, worker: "off" }));
  expect(outcomeOf(await runByWorker(command, stdin))).toEqual(plain);
});

test("what is typed reaches a worker's command line by line, and so does its end", async () => {
  await awaitWorker(daemon);
  const { run, messages } = await startByWorker(daemon, "echo ready; cat; echo end", { stdinOpen: true });
  for (const line of ["one\n", "two\n"]) {
    expect((await write(run, { data: line })).status).toBe(204);
    await run.until(messages, () => run.text().endsWith(line));
  }
  expect((await write(run, { data: "three", end: true })).status).toBe(204);
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.text()).toBe("ready\none\ntwo\nthreeend\n");
  expect((await write(run, { data: "late" })).problem()).toMatchObject({ status: 409, code: "conflict" });
});

test("a command that has exited takes no more input, although what it left still prints", async () => {
  await awaitWorker(daemon);
  const left = "{ sleep 3; echo late; } & echo ready; exit 6";
  const { run, messages } = await startByWorker(daemon, left, { stdinOpen: true });
  expect(run.text()).toBe("ready\n");
  await expect.poll(async () => (await write(run, { data: "x" })).status).toBe(409);
  expect((await daemon.client.call("getRun", { params: { run: run.id } })).state).toBe("running");
  await run.until(messages, ({ type }) => type === "complete");
  expect(outcomeOf(run)).toMatchObject({ outcome: "exited", exitCode: 6, stdout: "ready\nlate\n" });
});

test("a command that reads slowly holds up its writer, and no other command", async () => {
  await awaitWorker(daemon);
  const bytes = randomBytes(12_000_000);
  const { run, messages } = await startByWorker(daemon, "echo $PPID; read -r go < ~/go; sha256sum", {
    stdinOpen: true,
  });
  const sending = daemon.http.ask("POST", `/api/runs/${run.id}/stdin?end=true`, {
    headers: { "Content-Type": "application/octet-stream" },
    body: bytes,
  });
  const parent = run.text();
  const other = (): Promise<string> =>
    daemon.run("echo $PPID; cat", { stdin: "" }).then((ended) => ended.text());
  // Its worker is busy with its input, which is under way soon.
  await expect.poll(other).not.toBe(parent);
  const others = await Promise.all(Array.from({ length: 6 }, other));
  expect(others).not.toContain(parent);
  await daemon.run("echo go > ~/go");
  expect((await sending).status).toBe(204);
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.text()).toBe(`${parent}${createHash("sha256").update(bytes).digest("hex")}  -\n`);
});

test("a command that was waiting for input is ended when it is cancelled", async () => {
  await awaitWorker(daemon);
  const { run, messages } = await startByWorker(daemon, "echo ready; cat", { stdinOpen: true });
  await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 1000 } });
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
});

test("commands that wait for input end with a daemon that is killed", async () => {
  await using own = await openHostedDaemon({ sshd, host: { user: user.name } });
  await awaitWorker(own);
  await startByWorker(own, "echo ready; cat", { stdinOpen: true });
  process.kill(own.pid, "SIGKILL");
  await expect.poll(() => processesOf(user.name, /^cat$/)).toEqual([]);
});
