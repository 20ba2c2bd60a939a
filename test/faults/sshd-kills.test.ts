import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { type CountedCommand, openCommandBook } from "../support/counted-command.ts";
import { openDirectory } from "../support/directory.ts";
import { createRandom, FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { endProcesses } from "../support/server-process.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { createKey } from "../support/ssh-key.ts";

const kills = times(5, 100);

await using stack = new AsyncDisposableStack();
const random = createRandom();
const book = stack.use(await openCommandBook(random));
const directory = stack.use(await openDirectory({ readable: true }));
// "web1", which is never touched.
const daemon = stack.use(await openHostedDaemon());
const clientKey = await createKey(directory.join("key"));
const hostKey = await createKey(directory.join("host_key"));
const serverOptions = {
  address: "127.0.0.2",
  hostKeys: [hostKey],
  authorizedKeys: [clientKey.publicKey],
  options: { MaxStartups: 200 },
};
let server: Sshd = await openSshd(serverOptions);
stack.defer(() => server[Symbol.asyncDispose]());
await knowHosts(daemon.home, server.knownHosts);
await daemon.client.call("createHost", { body: { ...hostOf({ ...server, clientKey }), name: "victim" } });
const owned = stack.move();
afterAll(() => owned.disposeAsync());

/** The sessions alone, or the listener with them; then it comes back at the same port. */
async function kill(withListener: boolean): Promise<void> {
  if (!withListener) {
    await server.dropConnections();
    return;
  }
  const { port, pid } = server;
  await server.dropConnections();
  endProcesses([pid]);
  await server[Symbol.asyncDispose]();
  server = await openSshd({ ...serverOptions, port });
}

/** What a killed server may leave: nothing was sent, nothing is known, or it was all over before. */
async function isRight(command: CountedCommand, run: RunReading): Promise<boolean> {
  const { outcome, exitCode } = run.complete;
  const executions = await command.executions();
  if (!command.stdout.startsWith(run.text())) return false;
  if (outcome === "unknown") return exitCode === null && run.problem.code === "connection_lost";
  if (outcome === "failed") return executions === 0 && run.text() === "";
  return outcome === "exited" && exitCode === command.exitCode && run.text() === command.stdout;
}

/** Starts a durable run. Gives back what waits for its end and says whether all of it came. */
async function startDurable(command: CountedCommand): Promise<() => Promise<boolean>> {
  const run = new RunReading();
  const messages = readMessages(await daemon.stream(command.command, { host: "victim", durable: true }));
  // A kill hits every process below sshd: only a command that has begun has left it for certain.
  await run.until(messages, ({ type }) => type === "output");
  return async () => {
    await run.until(messages, ({ type }) => type === "complete");
    const { outcome, exitCode } = run.complete;
    return outcome === "exited" && exitCode === command.exitCode && run.text() === command.stdout;
  };
}

test(`${kills} kill -9 of sshd at random moments`, { timeout: times(60_000, 600_000) }, async () => {
  const counts = new FaultCounts();
  const outcomes = { unknown: 0, failed: 0, exited: 0 };
  const steady = await daemon.client.call("createRun", {
    body: { host: "web1", command: "while read -r line; do echo $line; done; exit 7", stdinOpen: true },
  });
  let fed = "";
  for (let round = 0; round < kills; round += 1) {
    const lasting = book.command(random.between(30, 900), random.between(50, 500));
    const recovered = await startDurable(lasting);
    const command = book.command(random.between(30, 900), random.between(50, 500));
    const running = daemon.run(command.command, { host: "victim" });
    await delay(random.between(0, 300));
    await kill(random.between(0, 2) === 0);
    const run = await running;
    counts.runs += 2;
    counts.faults += 1;
    counts.durable.begun += 1;
    counts.durable.recovered += Number(await recovered());
    if (!(await isRight(command, run))) counts.wrongOutcomes += 1;
    const { outcome } = run.complete;
    if (outcome === "unknown" || outcome === "failed" || outcome === "exited") outcomes[outcome] += 1;

    // It was over before the kill: the next command may still meet the dying connection, and this one takes it.
    if (outcome === "exited") await daemon.run("true", { host: "victim" });

    const line = `round ${round}\n`;
    await daemon.client.call("runStdin", { params: { run: steady.id }, body: { data: line } });
    fed += line;
    const next = book.command(9, 0);
    const after = await daemon.run(next.command, { host: "victim" });
    counts.runs += 1;
    const whole = after.complete.exitCode === next.exitCode && after.text() === next.stdout;
    if (!whole) counts.wrongOutcomes += 1;
    for (const each of [command, lasting, next])
      if ((await each.executions()) > 1) counts.doubleExecutions += 1;
  }
  counts.print("kill -9 of sshd", { ...outcomes, seed: random.seed });
  expect(counts.broken).toEqual(untouched);
  expect(counts.durable.recovered).toBe(kills);
  expect(outcomes.unknown).toBeGreaterThan(0);
  await daemon.client.call("runStdin", { params: { run: steady.id }, body: { end: true } });
  const untouchedRun = await new RunReading().follow(
    await daemon.http.open("GET", `/api/runs/${steady.id}/events`),
  );
  expect(untouchedRun.text()).toBe(fed);
  expect(untouchedRun.complete).toMatchObject({ outcome: "exited", exitCode: 7 });
});
