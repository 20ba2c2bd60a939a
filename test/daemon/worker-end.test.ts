import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { type HostedDaemon, openHostedDaemon } from "../support/hosted-daemon.ts";
import { liveProcesses, untilLive } from "../support/process-groups.ts";
import { processesOf } from "../support/processes.ts";
import { openUnixUser } from "../support/unix-user.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { awaitWorker, byWorker, startByWorker } from "../support/worker-runs.ts";

await using starting = new AsyncDisposableStack();
const user = starting.use(await openUnixUser());
await writeFile(join(user.home, ".bashrc"), "sleep 0.08\n");
const owned = starting.move();
afterAll(() => owned.disposeAsync());

let marks = 0;

async function openWithWorker(sessions: number): Promise<HostedDaemon> {
  const sshd = { options: { SetEnv: "HOSTRUN_TEST=1", MaxSessions: sessions } };
  const own = await openHostedDaemon({ sshd, host: { user: user.name } });
  await awaitWorker(own);
  return own;
}

async function cancel({ client }: HostedDaemon, run: string): Promise<void> {
  await client.call("cancelRun", { params: { run }, body: { graceMs: 1000 } });
}

async function isLeft(mark: string): Promise<boolean> {
  return (await liveProcesses()).some(({ args }) => args.includes(mark));
}

test.each([1, 2])(
  "with MaxSessions %i a worker's command is ended with all that it began",
  async (sessions) => {
    await using own = await openWithWorker(sessions);
    for (const [outcome, options] of [
      ["cancelled", {}],
      ["timedOut", { timeoutMs: 1500 }],
    ] as const) {
      marks += 1;
      const mark = `2100.${process.pid}${marks}`;
      // In groups of their own, and without the run's pipes.
      const command = `set -m; sleep ${mark} & sleep ${mark} >/dev/null 2>&1 & echo began; wait`;
      const { run, messages } = await startByWorker(own, command, options);
      await untilLive(mark, 2);
      if (outcome === "cancelled") await cancel(own, run.id);
      await run.until(messages, ({ type }) => type === "complete");
      expect(run.complete).toMatchObject({ outcome, stopConfirmed: true });
      expect(await isLeft(mark)).toBe(false);
    }
  },
);

test("with MaxSessions 1 a worker's command is ended although a start file has changed meanwhile", async () => {
  await using own = await openWithWorker(1);
  const mark = `2100.${process.pid}9`;
  const { run, messages } = await startByWorker(own, `echo began; sleep ${mark}`);
  await untilLive(mark, 1);
  await writeFile(join(user.home, ".bashrc"), "sleep 0.09\n");
  await cancel(own, run.id);
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
  expect(await isLeft(mark)).toBe(false);
});

test("with MaxSessions 1 a worker that can begin nothing more still passes signals on", async () => {
  await using own = await openWithWorker(1);
  const mark = `2100.${process.pid}8`;
  const command = `prlimit --pid $PPID --nofile=9; echo began; sleep ${mark}`;
  const { run, messages } = await startByWorker(own, command);
  await untilLive(mark, 1);
  await cancel(own, run.id);
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
  expect(await isLeft(mark)).toBe(false);
});

/** Whether a worker that was stalled began the command; one that has been replaced meanwhile refuses it. */
async function beginsLate(own: HostedDaemon, command: string): Promise<boolean> {
  await awaitWorker(own);
  const workers = await processesOf(user.name, /^hostrun-worker$/);
  for (const pid of workers) process.kill(pid, "SIGSTOP");
  const run = new RunReading();
  const messages = readMessages(await own.stream(command));
  await run.until(messages, ({ type }) => type === "status");
  await expect.poll(() => own.client.call("stats").then(({ runs }) => runs.connecting)).toBe(1);
  await cancel(own, run.id);
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.complete.outcome).toBe("cancelled");
  // No event tells that the worker's answer is no longer waited for, which is so after two seconds.
  await delay(2500);
  for (const pid of workers) process.kill(pid, "SIGCONT");
  // The worker begins the first one before this one.
  return byWorker(await own.run("true"));
}

test("a command that was cancelled is ended when a worker begins it long afterwards", async () => {
  await using own = await openWithWorker(2);
  const mark = `2100.${process.pid}7`;
  const command = `trap '' INT TERM; sleep ${mark} & sleep ${mark}`;
  // Accounts that tests beside this one create change a file that workers watch.
  let hasBegun = false;
  for (let tries = 0; tries < 10 && !hasBegun; tries += 1) hasBegun = await beginsLate(own, command);
  expect(hasBegun).toBe(true);
  await expect.poll(() => isLeft(mark)).toBe(false);
});
