import { writeFile } from "node:fs/promises";
import { type Bed, openControlMaster, wayTo } from "./bed.ts";
import { openDelay } from "./delayed.ts";
import { type Contender, race, samplesOf, timed, warmUp } from "./contender.ts";
import { finished } from "./process.ts";
import { openSsh2 } from "./ssh2-client.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

const mebibyte = 1024 * 1024;

interface Output {
  readonly command: string;
  readonly size: number;
}

interface Bulk {
  readonly output: Output;
  readonly rounds: number;
  /** See `SuiteOptions`. */
  readonly until: number;
}

/** One long output of text lines, in MB a second: on this machine, and at a distance. */
export async function bulkSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  const size = (options.short ? 4 : 128) * mebibyte;
  const file = bed.directory.join("bulk.log");
  await writeFile(file, textOf(size));
  const output = { command: `cat ${file}`, size };
  const { rounds = 8, until } = options;
  const near = await nearby(bed, { output, rounds, until }, signal);
  const half = { output, rounds: Math.ceil(rounds / 2), until };
  const far = await atDistance(bed, half, { rttMs: 20, factor: 2.5, id: "P6" }, signal);
  if (options.short) return [...near, far];
  const small = { command: `head -c ${32 * mebibyte} ${file}`, size: 32 * mebibyte };
  const third = { output: small, rounds: Math.ceil(rounds / 3), until };
  const farther = await atDistance(bed, third, { rttMs: 167, factor: 5, id: "P6b" }, signal);
  return [...near, far, farther];
}

async function nearby(bed: Bed, bulk: Bulk, signal: AbortSignal): Promise<Goal[]> {
  const { output } = bulk;
  await using stack = new AsyncDisposableStack();
  const ssh2 = stack.use(await openSsh2(bed.sshd));
  const asItComes = await openControlMaster(stack, bed, "mux");
  const gcm = await openControlMaster(stack, bed, "mux-gcm", ["-c", "aes128-gcm@openssh.com"]);
  const contenders = {
    frames: contenderOf("Hostrun, frames to a client that counts", output, () => framed(bed, output)),
    events: contenderOf("Hostrun, events to a client that parses", output, () => streamed(bed, output)),
    ssh2: contenderOf("ssh2 exec, in process", output, () => ssh2.exec(output.command)),
    ssh: contenderOf("ssh over ControlMaster, as it comes", output, () => bySsh(asItComes, output)),
    gcm: contenderOf("ssh over ControlMaster, aes128-gcm", output, () => bySsh(gcm, output)),
  };
  const rate = await measured(Object.values(contenders), bulk, { unit: contenders.ssh2, where: "" }, signal);
  return [
    {
      id: "P6",
      meaning: "bulk, recorded and streamed as frames to a client that counts ÷ raw ssh2",
      bound: "≥",
      limit: 0.7,
      value: rate(contenders.frames) / rate(contenders.ssh2),
    },
    {
      id: "P6",
      meaning: "the same ÷ ssh as it comes",
      bound: "≥",
      limit: 1,
      value: rate(contenders.frames) / rate(contenders.ssh),
    },
    {
      id: "P6c",
      meaning: "bulk as events to a client that parses ÷ raw ssh2",
      bound: "≥",
      limit: 0.4,
      value: rate(contenders.events) / rate(contenders.ssh2),
    },
  ];
}

async function atDistance(
  bed: Bed,
  bulk: Bulk,
  { rttMs, factor, id }: { readonly rttMs: number; readonly factor: number; readonly id: string },
  signal: AbortSignal,
): Promise<Goal> {
  const { output } = bulk;
  await using stack = new AsyncDisposableStack();
  const far = await wayTo(bed, { ...bed.sshd, port: await openDelay(stack, bed, rttMs) }, `far-${rttMs}`);
  const shared = await openControlMaster(stack, far, `mux-${rttMs}`);
  const frames = contenderOf("Hostrun, frames to a client that counts", output, () => framed(far, output));
  const ssh = contenderOf("ssh over ControlMaster, as it comes", output, () => bySsh(shared, output));
  const how = { unit: ssh, where: `, ${rttMs} ms away` };
  const rate = await measured([frames, ssh], bulk, how, signal);
  return {
    id,
    meaning: `bulk as frames at ${rttMs} ms ÷ ssh as it comes`,
    bound: "≥",
    limit: factor,
    value: rate(frames) / rate(ssh),
  };
}

/** Measures, prints the results, and returns the median of each contender. */
async function measured(
  contenders: readonly Contender[],
  { output: { size }, rounds, until }: Bulk,
  { unit, where }: { readonly unit: Contender; readonly where: string },
  signal: AbortSignal,
): Promise<(contender: Contender) => number> {
  await warmUp(contenders, 1, signal);
  const samples = await race({ contenders, rounds, inARow: 1, restMs: 200, until }, signal);
  const rate = (contender: Contender): number => samplesOf(samples, contender).median;
  printTable(
    [
      `${size / mebibyte} MiB of text${where} (MB/s)`,
      "n",
      "p50",
      "p10",
      "p90",
      "spread",
      `÷ ${unit.name.split(" ")[0]}`,
    ],
    contenders.map((contender) => {
      const of = samplesOf(samples, contender);
      const quantiles = [0.5, 0.1, 0.9].map((q) => of.quantile(q).toFixed(0));
      const spread = `${Math.round(of.spread * 100)} %`;
      return [contender.name, String(of.count), ...quantiles, spread, (of.median / rate(unit)).toFixed(2)];
    }),
  );
  return rate;
}

function contenderOf(name: string, { size }: Output, run: () => Promise<number>): Contender {
  return {
    name,
    async measure() {
      let bytes = 0;
      const span = await timed(async () => {
        bytes = await run();
      });
      if (bytes !== size) throw new Error(`${name} gave ${bytes} bytes and not ${size}`);
      return size / 1e6 / (span / 1000);
    },
  };
}

async function bySsh(args: readonly string[], { command }: Output): Promise<number> {
  return (await finished("ssh", [...args, command])).bytes;
}

async function framed({ daemon, warm }: Bed, { command, size }: Output): Promise<number> {
  let bytes = 0;
  let run = "";
  for await (const frame of daemon.runFrames({ host: warm, command, recordLimitBytes: 2 * size })) {
    if ("bytes" in frame) bytes += frame.bytes.length;
    else if (frame.event.type === "error") throw new Error(frame.event.problem.detail);
    else if (frame.event.type === "complete") run = frame.event.runId;
  }
  await daemon.call("deleteRun", { params: { run } });
  return bytes;
}

async function streamed({ daemon, warm }: Bed, { command, size }: Output): Promise<number> {
  let bytes = 0;
  let run = "";
  for await (const { event } of daemon.run({ host: warm, command, recordLimitBytes: 2 * size })) {
    run = event.runId;
    if (event.type === "output") bytes += Buffer.byteLength(event.data, event.encoding ?? "utf8");
    if (event.type === "error") throw new Error(event.problem.detail);
    if (event.type === "complete" && event.truncatedBytes > 0) throw new Error(JSON.stringify(event));
  }
  await daemon.call("deleteRun", { params: { run } });
  return bytes;
}

/** Lines as in a log, each different. */
function textOf(size: number): Buffer {
  const line = (number: number): string =>
    `2026-11-23T04:00:00.000Z web1 app[${number}]: GET /api/things/${number * 7919} 200 "Mozilla/5.0" ${number % 97} ms\n`;
  const block = Buffer.from(Array.from({ length: 10_000 }, (_, number) => line(number)).join(""));
  return Buffer.alloc(size, block);
}
