import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { isFull, times } from "../support/fault-counts.ts";
import { hostOf, type HostedDaemon, openHostedDaemon } from "../support/hosted-daemon.ts";
import { inParallel } from "../support/in-parallel.ts";
import { openLiveMemory } from "../support/live-memory.ts";

const lastsMs = times(6000, 20 * 60_000);
const sampleMs = times(500, 10_000);
/** Until everything was done some times: what is loaded, compiled and pooled then stays. */
const warmUp = 0.25;
const mebibyte = 1024 * 1024;

interface Sample {
  readonly atMs: number;
  readonly descriptors: number;
  readonly objects: number;
  readonly process: number;
}

test(`a daemon that works on and on keeps nothing: ${isFull ? "neither descriptors nor memory" : "no descriptors"}`, {
  timeout: lastsMs + 300_000,
}, async () => {
  await using memory = await openLiveMemory();
  await using daemon = await openHostedDaemon({ environment: memory.environment });
  await daemon.client.call("updateSettings", { body: { historyMaxBytes: mebibyte } });
  await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), name: "web2" } });
  // SQLite keeps up to 64 MiB of the pages that it wrote: many are there from the beginning.
  await inParallel(Array.from({ length: 10 }), Array.from({ length: times(5, 300) }), async () => {
    await daemon.run("head -c 9000 /dev/urandom | base64");
  });
  const begun = performance.now();
  const elapsed = (): number => performance.now() - begun;
  const samples: Sample[] = [];
  let rounds = 0;
  while (elapsed() < lastsMs) {
    const until = elapsed() + sampleMs;
    const working = async (): Promise<void> => {
      do {
        rounds += 1;
        await workOn(daemon, rounds);
      } while (elapsed() < until);
    };
    await Promise.all([working(), working()]);
    await comeToRest(daemon);
    // What is on its way through the daemon is no leak, and comes and goes by megabytes.
    const held = await memory.held(daemon.pid);
    const descriptors = readdirSync(`/proc/${daemon.pid}/fd`).length;
    samples.push({ atMs: elapsed(), descriptors, ...held });
  }

  const after = samples.filter(({ atMs }) => atMs > warmUp * lastsMs);
  const slope = (of: (sample: Sample) => number): number => perHour(after.map((one) => [one.atMs, of(one)]));
  const [objects, whole] = [slope((one) => one.objects), slope((one) => one.process)];
  const descriptors = after.map((one) => one.descriptors);
  const quarters = [0, 0.25, 0.5, 0.75].map((from) => {
    const part = samples.filter(({ atMs }) => atMs >= from * lastsMs && atMs < (from + 0.25) * lastsMs);
    const inMebibytes = (of: (sample: Sample) => number): string =>
      (mean(part.map(of)) / mebibyte).toFixed(1);
    return `${inMebibytes((one) => one.objects)} of ${inMebibytes((one) => one.process)}`;
  });
  console.log(
    `Soak of ${(lastsMs / 60_000).toFixed(1)} min, ${rounds} rounds: objects ${(objects / mebibyte).toFixed(2)} MiB/h, ` +
      `process ${(whole / mebibyte).toFixed(2)} MiB/h, descriptors ${Math.min(...descriptors)} to ${Math.max(...descriptors)}. ` +
      `MiB of objects and of the process, by quarters: ${quarters.join(", ")}.`,
  );
  expect(Math.max(...descriptors) - Math.min(...descriptors)).toBeLessThan(30);
  if (!isFull) return;
  expect(slope((one) => one.descriptors)).toBeLessThan(3);
  expect(objects).toBeLessThan(8 * mebibyte);
  // Its parts are not told apart; SQLite's pages, which have a bound, may be one of them.
  expect(whole).toBeLessThan(64 * mebibyte);
});

/** Every run has ended, and every stream. */
async function comeToRest({ client }: HostedDaemon): Promise<void> {
  const left = async (): Promise<number> => {
    await cancelAll(client);
    const { runs, streams } = await client.call("stats");
    return runs.queued + runs.connecting + runs.running + streams.open;
  };
  await expect.poll(left).toBe(0);
}

/** Something of everything that comes and goes. */
async function workOn(daemon: HostedDaemon, round: number): Promise<void> {
  const { client } = daemon;
  await daemon.run("echo done; exit 3");
  await daemon.run("stty size", { pty: true });
  await daemon.run("head -c 300000 /dev/zero");
  await daemon.run("sleep 60", { timeoutMs: 50 });
  await daemon.run("date", { cacheTtlMs: 20 });
  // A reader that leaves, and a run that is cancelled behind it.
  const left = await daemon.stream("yes", { recordLimitBytes: 64 * 1024 });
  left.destroy();
  await cancelAll(client);
  await client.call("createJob", { body: { targets: ["web1", "web2"], command: "true" } });
  await client.call("stats");
  await client.call("listHosts");
  if (round % 10 !== 9) return;
  for (const { id } of (await client.call("listConnections")).items) {
    await client.call("closeConnection", { params: { connection: id } });
  }
}

async function cancelAll(client: HostedDaemon["client"]): Promise<void> {
  const { items } = await client.call("listRuns", { query: { state: "running" } });
  for (const { id } of items) await client.call("cancelRun", { params: { run: id }, body: { graceMs: 0 } });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The slope of a line through the points, each a time in milliseconds and a value, by least squares. */
function perHour(points: readonly (readonly [number, number])[]): number {
  const [atMean, valueMean] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const along = points.reduce((sum, [at, value]) => sum + (at - atMean) * (value - valueMean), 0);
  const across = points.reduce((sum, [at]) => sum + (at - atMean) ** 2, 0);
  return (along / across) * 3_600_000;
}
