import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { afterAll, expect, test } from "vitest";
import { RunEvent } from "../../protocol/event.ts";
import { FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { memoryOf } from "../support/live-memory.ts";
import { readMessages } from "../support/run-stream.ts";

const megabyte = 1_000_000;
const line = "0123456789abcdef\n";

const daemon = await openHostedDaemon({
  sshd: { options: { RekeyLimit: "16M none", LogLevel: "DEBUG1" } },
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** Memory of the daemon's own, without the pages of files that it maps. */
const ownMemory = (): Promise<number> => memoryOf(daemon.pid, "RssAnon");

/** The hash of what `yes 0123456789abcdef | head -c BYTES` prints. */
function expectedHash(bytes: number): string {
  const hash = createHash("sha256");
  const block = Buffer.from(line.repeat(10_000));
  for (let left = bytes; left > 0; left -= block.length)
    hash.update(block.subarray(0, Math.min(left, block.length)));
  return hash.digest("hex");
}

/** Reads a run to its end and looks at the daemon's memory at every 200th event. */
async function readLive(stream: IncomingMessage): Promise<{ sha256: string; most: number; told: unknown }> {
  const hash = createHash("sha256");
  let most = 0;
  let events = 0;
  let told: unknown;
  for await (const { data } of readMessages(stream)) {
    const event = RunEvent.parse(data);
    if (event.type === "output" && event.stream === "stdout") hash.update(event.data);
    if (event.type === "complete") told = event;
    events += 1;
    if (events % 200 === 0) most = Math.max(most, await ownMemory());
  }
  return { sha256: hash.digest("hex"), most, told };
}

/** A run that begins when it is told to, so that its readers are there before its output. */
async function openRun(bytes: number) {
  const run = await daemon.client.call("createRun", {
    body: {
      host: "web1",
      command: `read go; yes 0123456789abcdef | head -c ${bytes}`,
      stdinOpen: true,
      recordLimitBytes: bytes + megabyte,
    },
  });
  const go = () =>
    daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n", end: true } });
  return { path: `/api/runs/${run.id}/events`, go };
}

test("fifty readers that never read cost little, and the one that does is undisturbed", {
  timeout: times(60_000, 900_000),
}, async () => {
  const bytes = times(100, 1000) * megabyte;
  const counts = new FaultCounts();
  await daemon.run("yes 0123456789abcdef | head -c 20000000");
  const before = await ownMemory();
  const { path, go } = await openRun(bytes);
  const asleep = await Promise.all(Array.from({ length: 50 }, () => daemon.http.open("GET", path)));
  for (const reader of asleep) reader.pause();
  const live = await daemon.http.open("GET", path);
  await go();
  const seen = await readLive(live);
  const grown = Math.max(seen.most, await ownMemory()) - before;
  counts.runs = 1;
  counts.faults = asleep.length;
  if (seen.sha256 !== expectedHash(bytes)) counts.wrongOutcomes = 1;
  counts.print("50 readers that never read", {
    "MB of output": bytes / megabyte,
    "MB of memory more": Math.round(grown / megabyte),
  });
  for (const reader of asleep) reader.destroy();
  expect(counts.broken).toEqual(untouched);
  expect(seen.told).toMatchObject({ outcome: "exited", exitCode: 0, stdoutBytes: bytes, truncatedBytes: 0 });
  // At most a megabyte waits for each of them (50 MB), beside what V8 lets young objects grow to before it collects them
  // (130 MB); unread they would be 51 times the output.
  expect(grown).toBeLessThan(256 * megabyte);
});

test("a run goes on through many key exchanges", { timeout: times(60_000, 900_000) }, async () => {
  const bytes = times(64, 1000) * megabyte;
  const counts = new FaultCounts();
  const before = await ownMemory();
  const rekeysBefore = rekeys();
  const { path, go } = await openRun(bytes);
  const live = await daemon.http.open("GET", path);
  await go();
  const seen = await readLive(live);
  const grown = Math.max(seen.most, await ownMemory()) - before;
  counts.runs = 1;
  counts.faults = rekeys() - rekeysBefore;
  if (seen.sha256 !== expectedHash(bytes)) counts.wrongOutcomes = 1;
  counts.print("one run through key exchanges", {
    "MB of output": bytes / megabyte,
    "MB of memory more": Math.round(grown / megabyte),
  });
  expect(counts.broken).toEqual(untouched);
  expect(counts.faults).toBeGreaterThanOrEqual(Math.floor(bytes / (16 * 1024 * 1024)) - 1);
  expect(seen.told).toMatchObject({ outcome: "exited", exitCode: 0, stdoutBytes: bytes });
  expect(grown).toBeLessThan(200 * megabyte);
});

function rekeys(): number {
  return daemon.sshd.log().match(/rekey (in|out) after/g)?.length ?? 0;
}
