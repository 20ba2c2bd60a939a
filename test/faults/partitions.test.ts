import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { openCommandBook } from "../support/counted-command.ts";
import { type ChaosProxy, openChaosProxy } from "../support/chaos-proxy.ts";
import { createRandom, FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { inParallel } from "../support/in-parallel.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const keepaliveMs = 300;
/** Two keepalives that go unanswered, one interval until they are missed, and five seconds for a busy machine. */
const detectionMs = 3 * keepaliveMs + 5000;

await using stack = new AsyncDisposableStack();
const random = createRandom();
const book = stack.use(await openCommandBook(random));
const daemon = stack.use(await openHostedDaemon({ flags: ["--keepalive-ms", String(keepaliveMs)] }));
/** Ways to one server, each with a proxy of its own and a host that stands for it. */
const places = [
  await openLane("far0"),
  await openLane("far1"),
  await openLane("far2"),
  await openLane("far3"),
] as const;
const owned = stack.move();
afterAll(() => owned.disposeAsync());

interface Place {
  readonly host: string;
  readonly proxy: ChaosProxy;
}

async function openLane(host: string): Promise<Place> {
  const proxy = stack.use(await openChaosProxy(daemon.sshd));
  const { address, port } = proxy;
  await knowHosts(daemon.home, `[${address}]:${port} ${daemon.sshd.hostKeys[0]?.publicKey ?? ""}\n`);
  await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), name: host, port } });
  return { host, proxy };
}

/** Closes the connections through the proxy, so that the next run opens one with what was said by `next`. */
async function reconnect({ proxy }: Place): Promise<void> {
  const { items } = await daemon.client.call("listConnections");
  for (const { id, port } of items) {
    if (port === proxy.port) await daemon.client.call("closeConnection", { params: { connection: id } });
  }
}

describe("a link that goes silent", () => {
  const ways = {
    "a black hole": (proxy: ChaosProxy) => proxy.blackHole(),
    "half open": (proxy: ChaosProxy) => proxy.loseServer(),
  };

  test.each(Object.entries(ways))(
    "%s is noticed in time",
    { timeout: times(60_000, 400_000) },
    async (name, lose) => {
      const counts = new FaultCounts();
      let slowest = 0;
      const rounds = Array.from({ length: times(4, 50) }, () => ({
        command: book.command(900, 20_000),
        waitMs: random.between(0, 2 * keepaliveMs),
      }));
      await inParallel(places, rounds, async (place, { command, waitMs }) => {
        const { host, proxy } = place;
        proxy.next({});
        proxy.heal();
        await reconnect(place);
        const run = new RunReading();
        const messages = readMessages(await daemon.stream(command.command, { host }));
        await run.until(messages, ({ type }) => type === "output");
        await delay(waitMs);
        const lostAt = performance.now();
        lose(proxy);
        await run.until(messages, ({ type }) => type === "complete");
        const noticed = performance.now() - lostAt;
        slowest = Math.max(slowest, noticed);
        counts.runs += 1;
        counts.faults += 1;
        const told = run.complete.outcome === "unknown" && run.problem.code === "connection_lost";
        const right = told && command.stdout.startsWith(run.text()) && noticed < detectionMs;
        if (!right) counts.wrongOutcomes += 1;
        if ((await command.executions()) !== 1) counts.doubleExecutions += 1;
      });
      for (const { proxy } of places) proxy.heal();
      counts.print(`partitions, ${name}`, {
        "slowest ms": Math.round(slowest),
        "bound ms": detectionMs,
        seed: random.seed,
      });
      expect(counts.broken).toEqual(untouched);
      for (const { host } of places) {
        const next = book.command(30, 0);
        expect((await daemon.run(next.command, { host })).text()).toBe(next.stdout);
      }
    },
  );
});

/** How many bytes a connection brings until its command has begun to write. */
async function bytesOfLogin(place: Place): Promise<number> {
  const { host, proxy } = place;
  proxy.next({});
  await reconnect(place);
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("echo; read line", { host, stdinOpen: true }));
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
    const counts = new FaultCounts();
    const logins = new Map<Place, number>();
    for (const place of places) logins.set(place, await bytesOfLogin(place));
    const codes = new Map<string, number>();
    const rounds = Array.from({ length: times(8, 100) }, (_, round) => ({
      command: book.command(3000, 0),
      // Half of them in the login, half in the command's output.
      inLogin: round % 2 === 0,
      part: random.between(0, 50_000) / 50_000,
    }));
    await inParallel(places, rounds, async (place, { command, inLogin, part }) => {
      const { host, proxy } = place;
      const login = logins.get(place) ?? 0;
      const at = inLogin ? Math.round(part * login) : Math.round(login + part * 50_000);
      proxy.next({ [kind]: at });
      await reconnect(place);
      const run = await daemon.run(command.command, { host, connectTimeoutMs: 3000 });
      counts.runs += 1;
      counts.faults += 1;
      if (!isHonest(command, run)) counts.wrongOutcomes += 1;
      // Beyond the login the bytes are encrypted and checked: a bit that turns cannot go unnoticed.
      if (at > login + 4 && at < login + 40_000 && run.complete.outcome === "exited")
        counts.wrongOutcomes += 1;
      if ((await command.executions()) > 1) counts.doubleExecutions += 1;
      const code = run.of("error")[0]?.problem.code ?? run.complete.outcome ?? "none";
      codes.set(code, (codes.get(code) ?? 0) + 1);
    });
    for (const { proxy } of places) proxy.next({});
    counts.print(`partitions, ${kind}`, { ...Object.fromEntries(codes), seed: random.seed });
    expect(counts.broken).toEqual(untouched);
  },
);

test("a bit that turns in a running command's output is a protocol error, at once", async () => {
  const [place] = places;
  const { host, proxy } = place;
  const login = await bytesOfLogin(place);
  // Within the body of a packet: 4 bytes of length come first.
  proxy.next({ flipAt: login + 2000 });
  await reconnect(place);
  const run = await daemon.run("seq 1 100000; sleep 5", { host });
  proxy.next({});
  expect(run.complete).toMatchObject({ outcome: "unknown", exitCode: null });
  expect(["protocol_error", "connection_lost"]).toContain(run.problem.code);
});

test("a slow and crumbling link changes nothing", async () => {
  const [place] = places;
  const { host, proxy } = place;
  proxy.next({ delayMs: 15, trickleBytes: 7 });
  await reconnect(place);
  const command = book.command(900, 0);
  const run = await daemon.run(command.command, { host });
  proxy.next({});
  expect(run.text()).toBe(command.stdout);
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: command.exitCode });
});
