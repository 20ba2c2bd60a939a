import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEventLoopWatch } from "../support/event-loop.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

/** An SSH config of so many hosts, and one Host block for all of them. */
async function configure(home: string, count: number, second = 0): Promise<void> {
  const hosts = Array.from({ length: count }, (_, index) => [
    `Host web${index}`,
    `  HostName 10.${second}.${(index >> 8) & 255}.${index & 255}`,
    "  User deploy",
    "",
  ]);
  await writeFile(join(home, ".ssh/config"), [...hosts.flat(), "Host *", "  Port 2222", ""].join("\n"));
}

test("while thousands of hosts are listed, a running command's stream goes on", async () => {
  await using daemon = await openHostedDaemon();
  await configure(daemon.home, 40_000);
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("while :; do echo .; sleep 0.002; done"));
  const seenOutput = () => run.until(messages, ({ type }) => type === "output");
  await seenOutput();
  const listed = new AbortController();
  const listing = daemon.http.ask("GET", "/api/hosts").finally(() => listed.abort());
  let events = 0;
  for (; !listed.signal.aborted; events += 1) await seenOutput();
  const { status, bytes } = await listing;
  expect(status).toBe(200);
  expect(bytes.toString()).toContain('"name":"web39999"');
  await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
  // Done in one go, or in the five steps that it has, it lets about ten pass.
  expect(events).toBeGreaterThan(30);
});

test("5,000 hosts of an SSH config are listed in short steps of the event loop, by no process each", async () => {
  await using loop = await openEventLoopWatch();
  await using daemon = await openHostedDaemon({ environment: loop.environment });
  await configure(daemon.home, 5000);
  let round = 0;
  /** Of a config that was changed since, so that it is read again. */
  const list = async (): Promise<number> => {
    round += 1;
    await configure(daemon.home, 5000, round);
    const begun = performance.now();
    const { bytes } = await daemon.http.ask("GET", "/api/hosts");
    const span = performance.now() - begun;
    expect(bytes.toString()).toContain('"name":"web4999"');
    return span;
  };
  const first = await list();
  await loop.maxStepMs(daemon.pid);
  const later: number[] = [];
  while (later.length < 15) later.push(await list());
  const stepMs = await loop.maxStepMs(daemon.pid);
  const median = later.toSorted((a, b) => a - b)[7] ?? 0;
  console.log(
    `5,000 hosts: ${first.toFixed(0)} ms at first, ${median.toFixed(0)} ms then (median of 15), busy for ${stepMs.toFixed(1)} ms at most`,
  );
  // About 15 ms by itself, with a collection of garbage in it; the whole list at once takes more than this.
  expect(stepMs).toBeLessThan(60);
  // Where they are is told for each that is asked for, and is then in the list as well.
  const known = await daemon.client.call("getHost", { params: { host: "web4999" } });
  expect(known).toMatchObject({ address: `10.${round}.19.135`, user: "deploy", port: 2222 });
  const { items } = await daemon.client.call("listHosts");
  const listed = (name: string) => items.find((host) => host.name === name);
  expect(listed("web4999")).toMatchObject({ address: known.address });
  expect(listed("web4999")?.unresolved).toBeUndefined();
  expect(listed("web2")).toMatchObject({ address: "web2", unresolved: true });
});
