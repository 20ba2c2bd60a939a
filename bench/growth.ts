import type { IncomingMessage } from "node:http";
import type { Bed } from "./bed.ts";
import { processTicks, tickMs } from "./cpu-time.ts";
import { memory, openStream, settled } from "./memory.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

const kibibyte = 1024;
/** The number of concurrent requests. */
const atOnce = 20;

/** Something that there may be many of. */
interface Growth {
  readonly name: string;
  /** The total count after each step. */
  readonly counts: readonly number[];
  readonly add: (index: number) => Promise<unknown>;
}

/** The CPU time and memory that each further host, run or reader costs the daemon, and whether that cost grows. */
export async function growthSuite(bed: Bed, { short }: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  const { daemon, warm } = bed;
  const upTo = (most: number): number[] =>
    (short ? [1] : [0.25, 0.5, 1]).map((share) => Math.ceil((most / (short ? 100 : 1)) * share));
  const readers: IncomingMessage[] = [];
  let followed = "";
  const growths: Growth[] = [
    {
      name: "MiB of output, one reader",
      counts: upTo(100),
      add: () => runToEnd(bed, `head -c ${kibibyte * kibibyte} /dev/zero | tr '\\0' x`),
    },
    {
      name: "host that is saved",
      counts: upTo(2000),
      add: (index) => {
        const address = `10.9.${index >> 8}.${index & 255}`;
        return daemon.call("createHost", { body: { name: `g${index}`, address } });
      },
    },
    {
      name: "list of these hosts",
      counts: upTo(200),
      add: () => daemon.call("listHosts", {}),
    },
    {
      name: "run that waits",
      counts: upTo(10_000),
      add: async (index) => {
        if (index === 0) followed = await fillUp(bed);
        await daemon.call("createRun", { body: { host: warm, command: "true" } });
      },
    },
    {
      name: "reader of a run",
      counts: upTo(1000),
      add: async () => readers.push(await openStream(bed.daemon.discovery, `/api/runs/${followed}/events`)),
    },
  ];
  const rows: string[][] = [];
  const held = () => (short ? memory(bed.daemon.discovery, "VmRSS") : settled(bed.daemon.discovery));
  for (const growth of growths) rows.push(await measure(bed, growth, { held, signal }));
  printTable(["For each", "at the end", "CPU, ms", "in steps", "KiB", "in steps"], rows);
  for (const reader of readers) reader.destroy();
  return [];
}

/** From then on there is room for one run, which does not end by itself. */
async function fillUp({ daemon, warm }: Bed): Promise<string> {
  await daemon.call("updateSettings", { body: { poolMaxConnections: 1, channelsPerConnection: 1 } });
  const { id } = await daemon.call("createRun", { body: { host: warm, command: "sleep 3600" } });
  return id;
}

async function runToEnd({ daemon, warm }: Bed, command: string): Promise<void> {
  for await (const { event } of daemon.run({ host: warm, command })) {
    if (event.type === "complete" && event.exitCode !== 0) throw new Error(JSON.stringify(event));
  }
}

/** In total and per step: a growing cost shows in the steps. */
async function measure(
  bed: Bed,
  { name, counts, add }: Growth,
  { held, signal }: { readonly held: () => Promise<number>; readonly signal: AbortSignal },
): Promise<string[]> {
  const steps: { readonly count: number; readonly ms: number; readonly bytes: number }[] = [];
  let done = 0;
  let before = await held();
  for (const count of counts) {
    signal.throwIfAborted();
    const ticks = processTicks(bed.daemon.discovery.pid);
    const added = count - done;
    while (done < count) {
      const batch = Array.from({ length: Math.min(atOnce, count - done) }, (_, index) => add(done + index));
      await Promise.all(batch);
      done += batch.length;
    }
    const ms = (processTicks(bed.daemon.discovery.pid) - ticks) * tickMs;
    const now = await held();
    steps.push({ count: added, ms, bytes: now - before });
    before = now;
  }
  const sum = (of: (step: (typeof steps)[number]) => number): number =>
    steps.reduce((total, step) => total + of(step), 0);
  const each = (of: (step: (typeof steps)[number]) => number, digits: number): string[] => [
    (sum(of) / done).toFixed(digits),
    steps.map((step) => (of(step) / step.count).toFixed(digits)).join(" "),
  ];
  return [name, String(done), ...each(({ ms }) => ms, 2), ...each(({ bytes }) => bytes / kibibyte, 1)];
}
