import { afterAll, expect, test } from "vitest";
import type { Prompt } from "../../protocol/prompt.ts";
import type { Run } from "../../protocol/run.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { until } from "../support/durable.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { ownedProcesses } from "../support/processes.ts";
import { openSlowSudo, type SlowSudoOptions } from "../support/slow-sudo.ts";
import { openSshd } from "../support/sshd.ts";

const password = "canary-sudo-4712";

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
const sshd = stack.use(await openSshd());
await knowHosts(directory.path, sshd.knownHosts);
const daemon = stack.use(await openTestDaemon({ home: directory.path }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

/** A run as root on a host whose sudo is slow, once sudo is about to begin the command. */
async function aboutToBegin(options: SlowSudoOptions, connectTimeoutMs = 60_000): Promise<string> {
  const slow = owned.use(await openSlowSudo(options));
  const { address, port, clientKey } = sshd;
  const { name } = slow.user;
  const login = { address, port, user: name, identityFile: clientKey.path };
  await daemon.client.call("createHost", { body: { name, ...login } });
  // What is timed is sudo alone.
  const warm = await daemon.client.call("createRun", { body: { host: name, command: "true" } });
  await ended(warm.id);
  const body = { host: name, command: "sleep 1000", sudo: true, prompts: "ask", connectTimeoutMs } as const;
  const { id } = await daemon.client.call("createRun", { body });
  if (options.password !== undefined) await answer(id, options.password);
  await slow.waits();
  return id;
}

async function answer(run: string, secret: string): Promise<void> {
  let prompt: Prompt | undefined;
  await until(async () => {
    prompt = (await daemon.client.call("listPrompts")).items.find(({ runIds }) => runIds.includes(run));
    return prompt !== undefined;
  });
  const params = { prompt: prompt?.id ?? "" };
  await daemon.client.call("answerPrompt", { params, body: { answers: [secret] } });
}

async function ended(id: string): Promise<Run> {
  const get = (): Promise<Run> => daemon.client.call("getRun", { params: { run: id } });
  await until(async () => (await get()).state === "ended");
  return get();
}

/** Whether the sudo of a run lives; not one that has ended it. */
async function livesFor({ host }: Run): Promise<boolean> {
  const own = (await ownedProcesses()).filter(({ realUser }) => realUser === host.name);
  return own.some(({ args }) => /^sudo .*:began:/.test(args));
}

test.concurrent.each([{ password }, {}])(
  "a run that is cancelled when sudo may begin it ends once its host has ended sudo: %o",
  async (options) => {
    const id = await aboutToBegin(options);
    await daemon.client.call("cancelRun", { params: { run: id }, body: { graceMs: 300 } });
    const run = await ended(id);
    expect(run).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    expect(await livesFor(run)).toBe(false);
  },
);

test.concurrent("a command has not run where sudo was silent for too long once sudo is gone", async () => {
  const id = await aboutToBegin({}, 5000);
  const run = await ended(id);
  expect(await livesFor(run)).toBe(false);
  expect(run).toMatchObject({ outcome: "failed", problem: { code: "timed_out" } });
  expect(run.problem?.detail).toContain("The command has not run.");
});

// The daemon is gone after it.
test("a run that sudo may begin when the daemon stops is unknown", async () => {
  const id = await aboutToBegin({ password });
  await daemon.client.call("shutdown", { body: {} });
  await daemon.ended;
  const { home, stateDirectory } = daemon;
  await using next = await openTestDaemon({ home, stateDirectory });
  const run = await next.client.call("getRun", { params: { run: id } });
  expect(run).toMatchObject({ outcome: "unknown", problem: { code: "daemon_stopped" } });
});
