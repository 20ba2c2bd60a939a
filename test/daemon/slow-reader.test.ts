import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { afterAll, expect, test } from "vitest";
import { RunEvent } from "../../protocol/event.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { memoryOf } from "../support/live-memory.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

const mebibyte = 1024 * 1024;

/** Memory of the daemon's own, without the pages of files that it maps. */
const ownMemory = (): Promise<number> => memoryOf(daemon.pid, "RssAnon");

/** Reads a run of text to its end, and measures at every hundredth event. */
async function readOutput(stream: IncomingMessage, measure: () => Promise<void> = async () => undefined) {
  const hash = createHash("sha256");
  let bytes = 0;
  let events = 0;
  let ended = false;
  for await (const { data } of readMessages(stream)) {
    const event = RunEvent.parse(data);
    if (event.type === "output") {
      hash.update(event.data);
      bytes += event.data.length;
    }
    ended = event.type === "complete";
    events += 1;
    if (events % 100 === 0) await measure();
  }
  return { sha256: hash.digest("hex"), bytes, ended };
}

test("readers that never read cost little during 64 MiB of output, and one that does is undisturbed", async () => {
  await daemon.run("yes 0123456789abcdef | head -c 20000000");
  const before = await ownMemory();
  let maxMemory = before;

  const started = await daemon.client.call("createRun", {
    body: {
      host: "web1",
      command: "read go; yes 0123456789abcdef | head -c 67108864",
      stdinOpen: true,
      recordLimitBytes: 100 * mebibyte,
    },
  });
  const path = `/api/runs/${started.id}/events`;
  const paused = await Promise.all(Array.from({ length: 10 }, () => daemon.http.open("GET", path)));
  for (const response of paused) response.pause();
  const live = await daemon.http.open("GET", path);
  await daemon.client.call("runStdin", { params: { run: started.id }, body: { data: "\n", end: true } });

  const seen = await readOutput(live, async () => {
    maxMemory = Math.max(maxMemory, await ownMemory());
  });
  expect(seen).toMatchObject({ bytes: 64 * mebibyte, ended: true });
  const run = await daemon.client.call("getRun", { params: { run: started.id } });
  expect(run).toMatchObject({
    outcome: "exited",
    exitCode: 0,
    stdoutBytes: 64 * mebibyte,
    truncatedBytes: 0,
  });
  const { streams } = await daemon.client.call("stats");
  expect(streams.open).toBe(10);
  // What ten readers have not read is 640 MiB; each may have a megabyte of it waiting.
  expect(maxMemory - before).toBeLessThan(90 * mebibyte);

  // One of them wakes up and has missed nothing.
  const late = paused[0];
  if (late === undefined) throw new Error("no reader");
  expect(await readOutput(late)).toEqual(seen);
  for (const response of paused) response.destroy();
});

test("a reader that leaves in the middle leaves nothing behind", async () => {
  const stream = await daemon.stream("read line; echo done", { stdinOpen: true });
  const run = new RunReading();
  const messages = readMessages(stream);
  await run.until(messages, (event) => event.type === "status" && event.state === "running");
  stream.destroy();
  await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: "\n", end: true } });
  await run.follow(
    await daemon.http.open("GET", `/api/runs/${run.id}/events`, { headers: { "last-event-id": run.lastId } }),
  );
  expect(run.text()).toBe("done\n");
  expect(run.complete.exitCode).toBe(0);
  const { streams } = await daemon.client.call("stats");
  expect(streams.open).toBe(0);
});
