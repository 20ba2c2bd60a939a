import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { floodingExec, floods, rekeyingExec } from "../support/floods.ts";
import { openEventLoopWatch } from "../support/event-loop.ts";
import { knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { openLiveMemory, watchPeak } from "../support/live-memory.ts";
import { RunReading } from "../support/run-stream.ts";
import { generateHostKey, openSsh2Server, type Ssh2ServerOptions } from "../support/ssh2-server.ts";

const megabyte = 1_000_000;

await using stack = new AsyncDisposableStack();
const memory = stack.use(await openLiveMemory());
const loop = stack.use(await openEventLoopWatch());
const NODE_OPTIONS = `${memory.environment["NODE_OPTIONS"]} ${loop.environment["NODE_OPTIONS"]}`;
const daemon = stack.use(
  await openHostedDaemon({ environment: { ...memory.environment, ...loop.environment, NODE_OPTIONS } }),
);
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const hostKey = generateHostKey();

/** A run on a server that begins the flood when it is given the command. */
async function meet(name: string, exec: Ssh2ServerOptions["exec"]) {
  await using server = await openSsh2Server({ hostKey, ...(exec === undefined ? {} : { exec }) });
  await knowHosts(daemon.home, server.knownHosts);
  const { address, port, user, clientKey } = server;
  await daemon.client.call("createHost", {
    body: { name, address, port, user, identityFile: clientKey.path },
  });
  const run = await new RunReading().follow(await daemon.stream("any", { host: name }));
  await daemon.client.call("deleteHost", { params: { host: name } });
  return { outcome: run.complete.outcome, code: run.of("error")[0]?.problem.code };
}

/** Asks for the daemon's health again and again until it is called, and gives the milliseconds that it took. */
function watchHealth(): () => Promise<{ readonly median: number; readonly longest: number }> {
  const spans: number[] = [];
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      const begun = performance.now();
      expect((await daemon.http.ask("GET", "/api/health")).status).toBe(200);
      spans.push(performance.now() - begun);
      await delay(2);
    }
  })();
  return async () => {
    over.abort();
    await asking;
    spans.sort((a, b) => a - b);
    return { median: spans[spans.length >> 1] ?? 0, longest: spans.at(-1) ?? 0 };
  };
}

/** Such a server is left, the good host's runs go on, and nothing of it stays; it is met once before, to be warm. */
async function meetBesideOthers(name: string, exec: Ssh2ServerOptions["exec"]): Promise<void> {
  await meet("settling", exec);
  const before = await memory.held(daemon.pid);
  const peak = await watchPeak(daemon.pid);
  await loop.maxStepMs(daemon.pid);
  const health = watchHealth();
  const good = daemon.run("for i in 1 2 3 4 5; do echo $i; sleep 0.05; done");
  expect(await meet("flooding", exec)).toEqual({ outcome: "unknown", code: "protocol_error" });
  expect((await good).text()).toBe("1\n2\n3\n4\n5\n");
  const { median, longest } = await health();
  const busyMs = await loop.maxStepMs(daemon.pid);
  const peakMb = (await peak()) / megabyte;
  const moreMb = ((await memory.held(daemon.pid)).process - before.process) / megabyte;
  console.log(
    `${name}: health in ${median.toFixed(1)} ms, ${longest.toFixed(1)} ms at most, busy for ${busyMs.toFixed(1)} ms at most, ${peakMb.toFixed(1)} MB more meanwhile and ${moreMb.toFixed(1)} MB in the end`,
  );
  expect(median).toBeLessThan(50);
  // 3 to 40 ms by themselves; other work on the machine makes processor time longer, too.
  expect(busyMs).toBeLessThan(500);
  expect(peakMb).toBeLessThan(80);
  expect(moreMb).toBeLessThan(20);
}

test.each(floods)("a server that sends $name without end is left", (flood) =>
  meetBesideOthers(flood.name, floodingExec(flood)),
);

test("a server that changes its keys again and again is left", () =>
  meetBesideOthers("key exchanges", rekeyingExec));
