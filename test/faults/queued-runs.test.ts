import { execFileSync } from "node:child_process";
import { open, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import type { Run } from "../../protocol/run.ts";
import { openDirectory } from "../support/directory.ts";
import { FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { hostOf, knowHosts } from "../support/hosted-daemon.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { createHttp } from "../support/http.ts";
import { inParallel } from "../support/in-parallel.ts";
import { idleMemory, watchPeak } from "../support/live-memory.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const mebibyte = 1024 * 1024;
const hosts = times(10, 50);
const queued = times(150, 10_000);
const readers = times(20, 200);
const outputBytes = times(8, 1000) * mebibyte;
/** Beside the readers that stall, and those that follow what waits. */
const attentive = 3;

test("while thousands of runs wait, and readers stall, each run has its one ending within bounds of memory", {
  timeout: times(120_000, 1_800_000),
}, async () => {
  await using directory = await openDirectory();
  await using sshd = await openSshd({ address: "0.0.0.0", options: { MaxStartups: "200:30:400" } });
  await knowHosts(directory.path, `[127.0.*]:${sshd.port} ${sshd.hostKeys[0]?.publicKey ?? ""}\n`);
  // A connection for each run that is let in, wherever it goes: none waits for that of another.
  const flags = ["--pool-max-connections", String(2 * hosts), "--channels-per-connection", "1"];
  await using daemon = await openTestDaemon({ home: directory.path, flags });
  const { client } = daemon;
  using http = createHttp(daemon.socket, readers);
  const names = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
  for (const [index, name] of names.entries()) {
    await client.call("createHost", { body: { ...hostOf(sshd), name, address: `127.0.2.${index + 1}` } });
  }
  const gate = directory.join("gate");
  execFileSync("mkfifo", [gate]);
  const start = (host: string, command: string): Promise<Run> =>
    client.call("createRun", {
      body: { host, command, worker: "off", connectTimeoutMs: times(20_000, 600_000) },
    });
  await idleMemory(daemon.pid);
  const peak = await watchPeak(daemon.pid);

  const loud = await start("h1", `cat ${gate}; head -c ${outputBytes} /dev/zero | tr '\\0' x`);
  const others: Run[] = [];
  const indexes = Array.from({ length: queued }, (_, index) => index);
  await inParallel(Array.from({ length: 20 }), indexes, async (_, index) => {
    const command = `[ ! -e ${gate} ] || cat ${gate}; echo ${index}`;
    others.push(await start(names[index % hosts] ?? "", command));
  });
  const { runs } = await client.call("stats");
  const follow = (run: Run): Promise<IncomingMessage> => http.open("GET", `/api/runs/${run.id}/events`);
  const stalled = await Promise.all(Array.from({ length: readers / 4 }, () => follow(loud)));
  for (const stream of stalled) stream.pause();
  const seen = await Promise.all(
    [
      ...Array.from({ length: attentive }, () => loud),
      ...others.slice(0, readers - stalled.length - attentive),
    ].map(async (run) => ({ run, reading: new RunReading(), stream: await follow(run) })),
  );

  const read = Promise.all(seen.map(({ reading, stream }) => reading.follow(stream)));
  const writing = open(gate, "w");
  await rm(gate);
  await (await writing).close();
  await read;
  const counts = new FaultCounts();
  for (const run of [loud, ...others]) {
    const { state, outcome, exitCode } = await ended(run.id);
    if (state !== "ended" || outcome !== "exited" || exitCode !== 0) counts.wrongOutcomes += 1;
  }
  for (const stream of stalled) stream.destroy();
  const grown = await peak();
  counts.runs = queued + 1;
  counts.faults = stalled.length;
  counts.print("runs that wait, and readers that stall", {
    "waiting at once": runs.queued,
    readers,
    "MiB of output": outputBytes / mebibyte,
    "MiB of memory more, at most": Math.round(grown / mebibyte),
  });
  expect(counts.broken).toEqual(untouched);
  expect(runs.queued).toBeGreaterThan(queued / 2);
  expect(grown).toBeLessThan(times(128, 256) * mebibyte);

  async function ended(id: string): Promise<Run> {
    for await (const { event } of client.subscribe(id, {})) if (event.type === "complete") break;
    return client.call("getRun", { params: { run: id } });
  }
});
