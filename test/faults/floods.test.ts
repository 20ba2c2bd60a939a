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

/** Such a server is left, the good host's runs go on, and nothing of it stays; it is met once before, to be warm. */
async function meetBesideOthers(name: string, exec: Ssh2ServerOptions["exec"]): Promise<void> {
  await meet("settling", exec);
  const before = await memory.held(daemon.pid);
  const peak = await watchPeak(daemon.pid);
  await loop.longestStep(daemon.pid);
  const good = daemon.run("for i in 1 2 3 4 5; do echo $i; sleep 0.05; done");
  expect(await meet("flooding", exec)).toEqual({ outcome: "unknown", code: "protocol_error" });
  expect((await good).text()).toBe("1\n2\n3\n4\n5\n");
  const busyMs = await loop.longestStep(daemon.pid);
  const peakMb = (await peak()) / megabyte;
  const moreMb = ((await memory.held(daemon.pid)).process - before.process) / megabyte;
  console.log(
    `${name}: busy for ${busyMs.toFixed(1)} ms at most, ${peakMb.toFixed(1)} MB more meanwhile and ${moreMb.toFixed(1)} MB in the end`,
  );
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
