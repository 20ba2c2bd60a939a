import { copyFile, readFile, writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { openBareStreams } from "./bare.ts";
import type { Bed, Served } from "./bed.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, print, printTable } from "./table.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** The number of readers that read a gigabyte of output. */
const attentive = 3;

/** The daemon's resident memory, as the system counts it. */
export async function memorySuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  const [first, more] = options.short ? [2, 3] : [100, 80];
  const queued = options.short ? 20 : 10_000;
  const readers = options.short ? 4 : 200;
  const outputBytes = (options.short ? 1 : 1024) * mebibyte;
  const idle = await settled(bed.daemon.discovery);
  await bed.daemon.call("updateSettings", { body: { poolIdleMs: 3_600_000 } });
  await openConnections(bed, 0, first);
  const connected = await settled(bed.daemon.discovery);
  await openConnections(bed, first, more);
  const all = await settled(bed.daemon.discovery);
  signal.throwIfAborted();
  const earlier = await openReaders(bed, readers / 2);
  const followed = await settled(bed.daemon.discovery);
  const later = await openReaders(bed, readers);
  const allFollowed = await settled(bed.daemon.discovery);
  for (const each of [...earlier, ...later]) each.destroy();
  const bareReader = await memoryOfBareReader(bed, readers);
  const load = (await peakUnderLoad(bed, { queued, readers, outputBytes })) - idle;
  const rows: [string, number][] = [
    ["idle", idle / mebibyte],
    [`with ${first} idle connections, and the code for the first one`, connected / mebibyte],
    [`with ${more} more`, all / mebibyte],
    [`and ${readers / 2} readers of a run, and the code for the first one`, followed / mebibyte],
    [`and ${readers} more`, allFollowed / mebibyte],
    [
      `at most, beyond the idle daemon: ${queued} runs queued, ${readers} readers, ${outputBytes / mebibyte} MiB`,
      load / mebibyte,
    ],
  ];
  printTable(
    ["Memory of the daemon's process", "MiB"],
    rows.map(([name, value]) => [name, value.toFixed(1)]),
  );
  const reader = (allFollowed - followed) / readers;
  print(
    `  A reader takes ${(reader / bareReader).toFixed(2)} times what one of a bare HTTP server of Node takes ` +
      `(${(bareReader / kibibyte).toFixed(1)} KiB).\n`,
  );
  return [
    { id: "P9", meaning: "idle daemon, MiB", bound: "≤", limit: 90, value: idle / mebibyte },
    {
      id: "P9",
      meaning: "an idle connection, KiB",
      bound: "≤",
      limit: 60,
      value: (all - connected) / more / kibibyte,
    },
    {
      id: "P9",
      meaning: "a reader, KiB",
      bound: "≤",
      limit: 10,
      value: reader / kibibyte,
    },
    { id: "P9", meaning: "under load, MiB more at most", bound: "≤", limit: 256, value: load / mebibyte },
  ];
}

/** With one key file per connection, numbered from `begin`. */
async function openConnections(
  { daemon, sshd, directory }: Bed,
  begin: number,
  count: number,
): Promise<void> {
  const { address, port, user, clientKey } = sshd;
  for (let number = begin; number < begin + count; number += 1) {
    const identityFile = directory.join(`key-${number}`);
    await copyFile(clientKey.path, identityFile);
    await daemon.call("createHost", { body: { name: `m${number}`, address, port, user, identityFile } });
    await daemon.call("testHost", { params: { host: `m${number}` }, body: {} });
  }
}

/** Readers of one run that prints nothing. */
async function openReaders(bed: Bed, count: number): Promise<IncomingMessage[]> {
  const { id } = await bed.daemon.call("createRun", { body: { host: bed.warm, command: "sleep 600" } });
  return Promise.all(
    Array.from({ length: count }, () => openStream(bed.daemon.discovery, `/api/runs/${id}/events`)),
  );
}

/** What a reader of an HTTP server takes that does nothing else, and keeps only what Node does. */
async function memoryOfBareReader(bed: Bed, readers: number): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const server = await openBareStreams(stack, bed);
  const open = (count: number) =>
    Promise.all(Array.from({ length: count }, () => openStream(server, "/api/runs/none/events")));
  const earlier = await open(readers / 2);
  const followed = await settled(server);
  const later = await open(readers);
  const allFollowed = await settled(server);
  for (const each of [...earlier, ...later]) each.destroy();
  return (allFollowed - followed) / readers;
}

/**
 * The most memory while everything happens at once. A quarter of the readers reads none of the output, a few
 * read it, and the others follow a run that prints nothing: two hundred copies of a gigabyte would take a core a quarter
 * of an hour.
 */
async function peakUnderLoad(
  bed: Bed,
  { queued, readers, outputBytes }: { queued: number; readers: number; outputBytes: number },
): Promise<number> {
  const { daemon, warm } = bed;
  await settled(bed.daemon.discovery);
  await writeFile(`/proc/${daemon.discovery.pid}/clear_refs`, "5");
  const command = `head -c ${outputBytes} /dev/zero | tr '\\0' x`;
  const { id } = await daemon.call("createRun", { body: { host: warm, command } });
  const reading = await Promise.all(
    Array.from({ length: readers / 4 + attentive }, () =>
      openStream(bed.daemon.discovery, `/api/runs/${id}/events`),
    ),
  );
  const quiet = await openReaders(bed, readers - reading.length);
  for (const stream of reading.slice(readers / 4)) stream.resume();
  for (let number = 0; number < queued; number += 50) {
    const batch = Array.from({ length: Math.min(50, queued - number) }, () =>
      daemon.call("createRun", { body: { host: warm, command: "sleep 600" } }),
    );
    await Promise.all(batch);
  }
  while ((await daemon.call("getRun", { params: { run: id } })).state !== "ended") await delay(100);
  const most = await memory(bed.daemon.discovery, "VmHWM");
  for (const stream of [...reading, ...quiet]) stream.destroy();
  return most;
}

/** Opens an event stream, on a connection of its own. */
export async function openStream({ socket }: Served, path: string): Promise<IncomingMessage> {
  const outgoing = request({ socketPath: socket, agent: new Agent(), path });
  outgoing.end();
  const answer = await new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
  if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}`);
  return answer;
}

/** The memory in use once it no longer falls, without garbage. */
export async function settled(server: Served): Promise<number> {
  let least = Infinity;
  for (let still = 0; still < 5; still += 1) {
    process.kill(server.pid, "SIGUSR2");
    await delay(500);
    const now = await memory(server, "VmRSS");
    if (now < least) still = 0;
    least = Math.min(least, now);
  }
  return least;
}

export async function memory({ pid }: Served, what: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) * kibibyte;
}
