import { writeFile } from "node:fs/promises";
import { type Bed, openControlMaster } from "./bed.ts";
import { type Lane, race, timed, warmUp } from "./lane.ts";
import type { SuiteOptions } from "./latency.ts";
import { finished } from "./process.ts";
import type { Samples } from "./samples.ts";
import { openSsh2 } from "./ssh2-client.ts";
import { printGoals, printTable } from "./table.ts";

const size = 128 * 1024 * 1024;

/** One long output, lines of text, in MB a second. */
export async function bulkSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const file = bed.directory.join("bulk.log");
  await writeFile(file, text());
  const command = `cat ${file}`;
  const ssh2 = stack.use(await openSsh2(bed));
  const asItComes = await openControlMaster(stack, bed, "mux");
  const gcm = await openControlMaster(stack, bed, "mux-gcm", ["-c", "aes128-gcm@openssh.com"]);
  const lane = (name: string, run: () => Promise<number>): Lane => ({
    name,
    async measure() {
      let bytes = 0;
      const span = await timed(async () => {
        bytes = await run();
      });
      if (bytes !== size) throw new Error(`${name} gave ${bytes} bytes and not ${size}`);
      return size / 1e6 / (span / 1000);
    },
  });
  const bySsh = async (args: readonly string[]): Promise<number> =>
    (await finished("ssh", [...args, command])).bytes;
  const lanes = {
    hostrun: lane("Hostrun, recorded and streamed to its client", () => streamed(bed, command)),
    ssh2: lane("ssh2 exec, in process", () => ssh2.exec(command)),
    ssh: lane("ssh over ControlMaster, as it comes", () => bySsh(asItComes)),
    gcm: lane("ssh over ControlMaster, aes128-gcm", () => bySsh(gcm)),
  };
  const all = Object.values(lanes);
  await warmUp(all, 1, signal);
  const rounds = options.rounds ?? 8;
  const samples = await race({ lanes: all, rounds, inARow: 1, restMs: 200, until: options.until }, signal);
  const rate = (of: Lane): number => samples.get(of)?.median ?? Number.NaN;
  printTable(
    [`${size / 2 ** 20} MiB of text (MB/s)`, "n", "p50", "p10", "p90", "spread", "÷ ssh2"],
    all.map((each) => row(each, samples.get(each), rate(lanes.ssh2))),
  );
  printGoals([
    {
      id: "P6",
      meaning: "bulk, recorded and streamed to a client that parses ÷ raw ssh2",
      bound: "≥",
      limit: 0.6,
      value: rate(lanes.hostrun) / rate(lanes.ssh2),
    },
    {
      id: "P6",
      meaning: "bulk, recorded and streamed to a client that parses ÷ ssh as it comes",
      bound: "≥",
      limit: 1,
      value: rate(lanes.hostrun) / rate(lanes.ssh),
    },
  ]);
}

async function streamed({ daemon, warm }: Bed, command: string): Promise<number> {
  let bytes = 0;
  let run = "";
  for await (const { event } of daemon.run({ host: warm, command, recordLimitBytes: 2 * size })) {
    run = event.runId;
    if (event.type === "output") bytes += Buffer.byteLength(event.data, event.encoding ?? "utf8");
    if (event.type === "complete" && event.truncatedBytes > 0) throw new Error(JSON.stringify(event));
  }
  await daemon.call("deleteRun", { params: { run } });
  return bytes;
}

/** Lines as a log has them, each different. */
function text(): Buffer {
  const line = (number: number): string =>
    `2026-11-23T04:00:00.000Z web1 app[${number}]: GET /api/things/${number * 7919} 200 "Mozilla/5.0" ${number % 97} ms\n`;
  const block = Buffer.from(Array.from({ length: 10_000 }, (_, number) => line(number)).join(""));
  return Buffer.alloc(size, block);
}

function row(lane: Lane, samples: Samples | undefined, ssh2: number): string[] {
  if (samples === undefined) return [lane.name];
  const [p50, p10, p90] = [0.5, 0.1, 0.9].map((q) => samples.quantile(q).toFixed(0));
  const spread = `${Math.round(samples.spread * 100)} %`;
  return [
    lane.name,
    String(samples.count),
    p50 ?? "",
    p10 ?? "",
    p90 ?? "",
    spread,
    (samples.median / ssh2).toFixed(2),
  ];
}
