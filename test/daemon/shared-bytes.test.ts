import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { RunEvent } from "../../protocol/event.ts";
import { until } from "../support/durable.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { FrameReading } from "../support/run-frames.ts";
import { readMessages } from "../support/run-stream.ts";

const daemon = await openHostedDaemon({ sshd: { options: { MaxSessions: 1 } } });
afterAll(() => daemon[Symbol.asyncDispose]());

const mebibytes = 6;
const frames = { accept: "application/vnd.hostrun.frames" };
const recordLimitBytes = 100_000_000;
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Follows a run of random bytes, and joins it as all kinds of readers do: every one is to have what the host wrote. */
async function readInEveryWay(file: string): Promise<void> {
  const command = `head -c ${mebibytes}M /dev/urandom | tee ${file}`;
  const quick = new FrameReading();
  const follow = quick.follow(
    await daemon.http.open("POST", "/api/runs", {
      headers: frames,
      json: { host: "web1", command, recordLimitBytes },
    }),
  );
  await until(async () => quick.bytes.stdout > 0);
  const path = `/api/runs/${quick.id}`;
  const open = (query: string, headers = {}) =>
    daemon.http.open("GET", `${path}/events?${query}`, { headers });
  const slow = await open("follow=all", frames);
  slow.pause();
  const events = readEvents(open("follow=all"));
  const resumed = readInParts(open);
  await until(async () => quick.bytes.stdout > 1_000_000);
  const late = new FrameReading().follow(slow);
  await follow;
  const written = sha256(await readFile(file));
  const output = await daemon.http.ask("GET", `${path}/output?stream=stdout`);
  expect(quick.complete.sha256?.stdout).toBe(written);
  expect({
    quick: quick.sha256.stdout,
    slow: (await late).sha256.stdout,
    events: await events,
    resumed: await resumed,
    record: sha256(output.bytes),
  }).toEqual({ quick: written, slow: written, events: written, resumed: written, record: written });
}

async function readEvents(opening: ReturnType<typeof daemon.http.open>): Promise<string> {
  const hash = createHash("sha256");
  for await (const { data } of readMessages(await opening)) {
    const event = RunEvent.parse(data);
    if (event.type === "output") hash.update(Buffer.from(event.data, event.encoding ?? "utf8"));
  }
  return hash.digest("hex");
}

/** Cut off again and again, and going on from there. */
async function readInParts(
  open: (query: string, headers: object) => ReturnType<typeof daemon.http.open>,
): Promise<string> {
  const reading = new FrameReading();
  for (let limit = 1_500_000; reading.events.at(-1)?.type !== "complete"; limit += 1_500_000) {
    const stream = await open(`follow=all&${reading.resumeQuery}`, frames);
    await reading
      .follow(stream, async () => void (reading.bytes.stdout > limit && stream.destroy()))
      .catch((failure: unknown) => {
        if (!stream.destroyed) throw failure;
      });
  }
  return reading.sha256.stdout;
}

test("random output of several connections at once is the same for readers of every kind, and in the record", async () => {
  const files = ["a", "b"].map((name) => `${daemon.home}/${name}`);
  await Promise.all(files.map(readInEveryWay));
}, 60_000);
