import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { openCommandBook } from "../support/counted-command.ts";
import { createRandom, FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { inParallel } from "../support/in-parallel.ts";
import { openNetworkLink } from "../support/network-namespace.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const keepaliveMs = 300;
/** Two keepalives that go unanswered, one interval until they are missed, and five seconds for a busy machine. */
const detectionMs = 3 * keepaliveMs + 5000;

test("a network link that goes down is noticed in time", { timeout: times(60_000, 400_000) }, async () => {
  const random = createRandom();
  const counts = new FaultCounts();
  await using book = await openCommandBook(random);
  await using daemon = await openHostedDaemon({ flags: ["--keepalive-ms", String(keepaliveMs)] });
  await using links = new AsyncDisposableStack();
  const openLane = async (host: string) => {
    const link = links.use(await openNetworkLink(daemon.sshd));
    const { address, port } = link;
    await knowHosts(daemon.home, `[${address}]:${port} ${daemon.sshd.hostKeys[0]?.publicKey ?? ""}\n`);
    await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), name: host, address, port } });
    return { host, link };
  };
  const places = [await openLane("far0"), await openLane("far1"), await openLane("far2")];
  let slowest = 0;
  const rounds = Array.from({ length: times(3, 50) }, () => ({
    command: book.command(900, 20_000),
    next: book.command(30, 0),
    waitMs: random.between(0, 2 * keepaliveMs),
  }));
  await inParallel(places, rounds, async ({ host, link }, { command, next, waitMs }) => {
    const run = new RunReading();
    const messages = readMessages(await daemon.stream(command.command, { host }));
    await run.until(messages, ({ type }) => type === "output");
    await delay(waitMs);
    const lostAt = performance.now();
    await link.down();
    await run.until(messages, ({ type }) => type === "complete");
    const noticed = performance.now() - lostAt;
    slowest = Math.max(slowest, noticed);
    counts.runs += 1;
    counts.faults += 1;
    const told = run.complete.outcome === "unknown" && run.problem.code === "connection_lost";
    if (!told || !command.stdout.startsWith(run.text()) || noticed > detectionMs) counts.wrongOutcomes += 1;
    await link.up();
    const after = await daemon.run(next.command, { host });
    if (after.text() !== next.stdout || after.complete.exitCode !== next.exitCode) counts.wrongOutcomes += 1;
    for (const each of [command, next]) if ((await each.executions()) !== 1) counts.doubleExecutions += 1;
  });
  counts.print("network link down", {
    "slowest ms": Math.round(slowest),
    "bound ms": detectionMs,
    seed: random.seed,
  });
  expect(counts.broken).toEqual(untouched);
});
