import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { Problem } from "../../protocol/problem.ts";
import { isFull, times } from "../support/fault-counts.ts";
import { hostOf, type HostedDaemon, openHostedDaemon } from "../support/hosted-daemon.ts";
import { inParallel } from "../support/in-parallel.ts";
import { openLiveMemory } from "../support/live-memory.ts";
import { trendOf } from "../support/trend.ts";

const lastsMs = times(6000, 20 * 60_000);
const sampleMs = times(500, 10_000);
/** Before the first sample: what has a bound, such as what is kept of each run for 300 s, fills up to it. */
const warmUpMs = times(1000, 10 * 60_000);
/**
 * V8 makes machine code of a function that is called often: at this pace for hours, and some 2 MiB in the first. That ends with the
 * functions, and would hide what does not end.
 */
const withoutMachineCode = { TEST_WITHOUT_MACHINE_CODE: "1" };
const mebibyte = 1024 * 1024;

interface Sample {
  readonly atMs: number;
  readonly descriptors: number;
  readonly objects: number;
  readonly allocated: number;
  readonly process: number;
}

test(`a daemon that works on and on keeps nothing: ${isFull ? "neither descriptors nor memory" : "no descriptors"}`, {
  timeout: warmUpMs + lastsMs + 1_500_000,
}, async () => {
  await using memory = await openLiveMemory();
  await using daemon = await openHostedDaemon({
    environment: { ...memory.environment, ...withoutMachineCode },
  });
  await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), name: "web2" } });
  // Each writes 80 KiB to the store: what SQLite keeps of that is there from the beginning. With a limit for the history it would
  // be the same few pages again and again.
  await inParallel(Array.from({ length: 10 }), Array.from({ length: times(5, 1000) }), async () => {
    await daemon.run("head -c 9000 /dev/urandom | base64");
  });
  await daemon.client.call("updateSettings", { body: { historyMaxBytes: mebibyte } });
  let rounds = 0;
  const workUntil = async (isOver: () => boolean): Promise<void> => {
    const working = async (): Promise<void> => {
      do {
        rounds += 1;
        await workOn(daemon, rounds);
      } while (!isOver());
    };
    await Promise.all([working(), working()]);
    await comeToRest(daemon);
  };
  const started = performance.now();
  await workUntil(() => performance.now() - started > warmUpMs);
  const roundsBefore = rounds;
  const begun = performance.now();
  const elapsed = (): number => performance.now() - begun;
  const samples: Sample[] = [];
  while (elapsed() < lastsMs) {
    const until = elapsed() + sampleMs;
    await workUntil(() => elapsed() > until);
    // What is on its way through the daemon is no leak, and comes and goes by megabytes.
    const held = await memory.held(daemon.pid);
    const descriptors = readdirSync(`/proc/${daemon.pid}/fd`).length;
    samples.push({ atMs: elapsed(), descriptors, ...held });
  }
  const { descriptors, allocated, process } = told(samples, rounds, roundsBefore);
  // Its clients' own connections and a look into a folder come and go.
  expect(Math.max(...descriptors) - Math.min(...descriptors)).toBeLessThanOrEqual(times(10, 2));
  if (!isFull) return;
  expect(allocated.perHour).toBeLessThan(mebibyte);
  // The system counts by pages, which V8 and the C library take and give back by the megabyte.
  expect(process.perHour - process.plusMinus).toBeLessThan(mebibyte);
});

/** The numbers of descriptors that there were, and how memory grew. */
function told(samples: readonly Sample[], rounds: number, roundsBefore: number) {
  const trend = (of: (sample: Sample) => number) => trendOf(samples.map((one) => [one.atMs, of(one)]));
  const descriptors = [...new Set(samples.map((one) => one.descriptors))].toSorted((a, b) => a - b);
  const objects = trend((one) => one.objects);
  const allocated = trend((one) => one.allocated);
  const process = trend((one) => one.process);
  const text = Object.entries({ objects, allocated, process }).map(([name, { mean, perHour, plusMinus }]) => {
    const [size, growth, interval] = [mean, perHour, plusMinus].map((bytes) => (bytes / mebibyte).toFixed(2));
    return `${name} ${size} MiB, growing by ${growth} ± ${interval} MiB/h`;
  });
  console.log(
    `Soak of ${(lastsMs / 60_000).toFixed(1)} min and ${rounds} rounds, ${roundsBefore} of them before. At ${samples.length} times of ` +
      `rest: descriptors ${descriptors.join(", ")}; ${text.join("; ")} (95 %).`,
  );
  return { descriptors, allocated, process };
}

/** Every run has ended, and every stream and connection. */
async function comeToRest({ client }: HostedDaemon): Promise<void> {
  const left = async (): Promise<number> => {
    await cancelAll(client);
    await closeConnections(client);
    const { runs, streams, pool } = await client.call("stats");
    return runs.queued + runs.connecting + runs.running + streams.open + pool.connections;
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
  if (round % 10 === 9) await closeConnections(client);
}

async function cancelAll(client: HostedDaemon["client"]): Promise<void> {
  const { items } = await client.call("listRuns", { query: { state: "running" } });
  for (const { id } of items) {
    await client.call("cancelRun", { params: { run: id }, body: { graceMs: 0 } }).catch(unlessGone);
  }
}

async function closeConnections(client: HostedDaemon["client"]): Promise<void> {
  for (const { id } of (await client.call("listConnections")).items) {
    await client.call("closeConnection", { params: { connection: id } }).catch(unlessGone);
  }
}

/** The other worker was first, or the history has no room for it any more. */
function unlessGone(failure: unknown): void {
  if (!(failure instanceof Problem) || !["run_unknown", "not_found"].includes(failure.code)) throw failure;
}
