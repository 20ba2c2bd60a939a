import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { openCommandBook } from "../support/counted-command.ts";
import { openChaosProxy } from "../support/chaos-proxy.ts";
import { createRandom, FaultFigures, times, untouched } from "../support/fault-figures.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const keepaliveMs = 300;
/** Two keepalives that go unanswered, one interval until they are missed, and a second for a busy machine. */
const detectionMs = 3 * keepaliveMs + 1000;

await using stack = new AsyncDisposableStack();
const random = createRandom();
const book = stack.use(await openCommandBook(random));
const daemon = stack.use(await openHostedDaemon({ flags: ["--keepalive-ms", String(keepaliveMs)] }));
const proxy = stack.use(await openChaosProxy(daemon.sshd));
const knownHosts = `[${proxy.address}]:${proxy.port} ${daemon.sshd.hostKeys[0]?.publicKey ?? ""}\n`;
await knowHosts(daemon.home, knownHosts);
await daemon.client.call("createHost", {
  body: { ...hostOf(daemon.sshd), name: "far", port: proxy.port },
});
const owned = stack.move();
afterAll(() => owned.disposeAsync());

/** Closes the connections through the proxy, so that the next run opens one with what was said by `next`. */
async function reconnect(): Promise<void> {
  const { items } = await daemon.client.call("listConnections");
  for (const { id, port } of items) {
    if (port === proxy.port) await daemon.client.call("closeConnection", { params: { connection: id } });
  }
}

describe("a link that goes silent", () => {
  const ways = { "a black hole": () => proxy.blackHole(), "half open": () => proxy.loseServer() };

  test.each(Object.entries(ways))(
    "%s is noticed in time",
    { timeout: times(60_000, 400_000) },
    async (name, lose) => {
      const figures = new FaultFigures();
      let slowest = 0;
      for (let round = 0; round < times(2, 50); round += 1) {
        proxy.next({});
        proxy.heal();
        await reconnect();
        const command = book.command(900, 20_000);
        const run = new RunReading();
        const messages = readMessages(await daemon.stream(command.command, { host: "far" }));
        await run.until(messages, ({ type }) => type === "output");
        await delay(random.between(0, 2 * keepaliveMs));
        const lostAt = performance.now();
        lose();
        await run.until(messages, ({ type }) => type === "complete");
        const noticed = performance.now() - lostAt;
        slowest = Math.max(slowest, noticed);
        figures.runs += 1;
        figures.faults += 1;
        const told = run.complete.outcome === "unknown" && run.problem.code === "connection_lost";
        const right = told && command.stdout.startsWith(run.text()) && noticed < detectionMs;
        if (!right) figures.wrongOutcomes += 1;
        if ((await command.executions()) !== 1) figures.doubleExecutions += 1;
      }
      proxy.heal();
      figures.print(`partitions, ${name}`, {
        "slowest ms": Math.round(slowest),
        "bound ms": detectionMs,
        seed: random.seed,
      });
      expect(figures.broken).toEqual(untouched);
      const next = book.command(30, 0);
      expect((await daemon.run(next.command, { host: "far" })).text()).toBe(next.stdout);
    },
  );
});

/** How many bytes a connection brings until its command has begun to write. */
async function bytesOfLogin(): Promise<number> {
  proxy.next({});
  await reconnect();
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("echo; read line", { host: "far", stdinOpen: true }));
  await run.until(messages, ({ type }) => type === "output");
  const passed = proxy.passed();
  await daemon.client.call("runStdin", { params: { run: run.id }, body: { end: true } });
  await run.until(messages, ({ type }) => type === "complete");
  return passed;
}

/** Never wrong bytes, and never a good ending that is not true. */
function isHonest(command: { stdout: string; exitCode: number }, run: RunReading): boolean {
  const { outcome, exitCode } = run.complete;
  if (!command.stdout.startsWith(run.text())) return false;
  if (outcome === "exited") return exitCode === command.exitCode && run.text() === command.stdout;
  return outcome === "unknown" || (outcome === "failed" && run.text() === "");
}

test.each(["cutAfter", "flipAt"] as const)(
  "%s at any byte gives no wrong bytes and no false ending",
  { timeout: times(60_000, 400_000) },
  async (kind) => {
    const figures = new FaultFigures();
    const login = await bytesOfLogin();
    const codes = new Map<string, number>();
    for (let round = 0; round < times(8, 100); round += 1) {
      const command = book.command(3000, 0);
      // Half of them in the login, half in the command's output.
      const at = round % 2 === 0 ? random.between(0, login) : random.between(login, login + 50_000);
      proxy.next({ [kind]: at });
      await reconnect();
      const run = await daemon.run(command.command, { host: "far", connectTimeoutMs: 3000 });
      figures.runs += 1;
      figures.faults += 1;
      if (!isHonest(command, run)) figures.wrongOutcomes += 1;
      // Beyond the login the bytes are encrypted and checked: a bit that turns cannot go unnoticed.
      if (at > login + 4 && at < login + 40_000 && run.complete.outcome === "exited")
        figures.wrongOutcomes += 1;
      if ((await command.executions()) > 1) figures.doubleExecutions += 1;
      const code = run.of("error")[0]?.problem.code ?? run.complete.outcome ?? "none";
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    proxy.next({});
    figures.print(`partitions, ${kind}`, { ...Object.fromEntries(codes), seed: random.seed });
    expect(figures.broken).toEqual(untouched);
  },
);

test("a bit that turns in a running command's output is a protocol error, at once", async () => {
  const login = await bytesOfLogin();
  // Within the body of a packet: 4 bytes of length come first.
  proxy.next({ flipAt: login + 2000 });
  await reconnect();
  const run = await daemon.run("seq 1 100000; sleep 5", { host: "far" });
  proxy.next({});
  expect(run.complete).toMatchObject({ outcome: "unknown", exitCode: null });
  expect(["protocol_error", "connection_lost"]).toContain(run.problem.code);
});

test("a slow and crumbling link changes nothing", async () => {
  proxy.next({ delayMs: 15, trickleBytes: 7 });
  await reconnect();
  const command = book.command(900, 0);
  const run = await daemon.run(command.command, { host: "far" });
  proxy.next({});
  expect(run.text()).toBe(command.stdout);
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: command.exitCode });
});
