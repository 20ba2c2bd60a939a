import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { openDatabase } from "../daemon/store/database.ts";
import { createRunStore, type OutputLimits } from "../daemon/store/runs.ts";
import { openDirectory } from "../test/support/directory.ts";
import { endedRun } from "../test/support/stored-run.ts";
import { type Contender, race, timed, warmUp } from "./contender.ts";
import type { SuiteOptions } from "./suite.ts";
import { Samples } from "./samples.ts";
import { printTable } from "./table.ts";

const migrations = join(import.meta.dirname, "../migrations");
const size = 128 * 1024 * 1024;
const pieceBytes = 64 * 1024;
const bytes = Buffer.alloc(pieceBytes, "Lines as a log has them, each like the other.\n");

const ways: Readonly<Record<string, OutputLimits>> = {
  "in files, rows say where": { inlineBytes: 16 * 1024, segmentBytes: 4 * 1024 * 1024 },
  "in the rows": { inlineBytes: Number.POSITIVE_INFINITY, segmentBytes: 4 * 1024 * 1024 },
};

/** The cost of recording alone: one long output written piece by piece, with one commit each, without SSH or readers. */
export async function recordSuite(
  _bed: unknown,
  options: SuiteOptions,
  signal: AbortSignal,
): Promise<never[]> {
  const longest = new Map<Contender, Samples>();
  const contenders = Object.entries(ways).map(([name, limits]) => {
    const contender: Contender = {
      name,
      async measure() {
        const { megabytesPerSecond, longestMs } = await record(limits);
        longest.get(contender)?.add(longestMs);
        return megabytesPerSecond;
      },
    };
    return contender;
  });
  await warmUp(contenders, 1, signal);
  for (const contender of contenders) longest.set(contender, new Samples());
  const rounds = options.rounds ?? 8;
  const rates = await race({ contenders, rounds, inARow: 1, restMs: 200, until: options.until }, signal);
  const cells = (samples: Samples | undefined): string[] =>
    samples === undefined
      ? []
      : [samples.median, samples.quantile(0.1), samples.quantile(0.9)].map((n) => n.toFixed(0));
  printTable(
    [`${size / 2 ** 20} MiB of output, recorded`, "MB/s", "p10", "p90", "longest wait (ms)", "p10", "p90"],
    contenders.map((contender) => [
      contender.name,
      ...cells(rates.get(contender)),
      ...cells(longest.get(contender)),
    ]),
  );
  return [];
}

async function record(limits: OutputLimits): Promise<{ megabytesPerSecond: number; longestMs: number }> {
  await using directory = await openDirectory();
  using database = openDatabase({ path: directory.join("db"), migrations, nativeBinding: undefined });
  const store = createRunStore(database, limits);
  const run = endedRun("bench", "web1");
  store.create(run, [], undefined);
  let longestMs = 0;
  const span = await timed(async () => {
    for (let seq = 1; seq <= size / pieceBytes; seq += 1) {
      const begun = performance.now();
      const offset = (seq - 1) * pieceBytes;
      store.events.append(run.id, [
        {
          seq,
          at: "2026-01-01T00:00:00.000Z",
          kind: "output",
          stream: "stdout",
          offset,
          noise: false,
          bytes,
        },
      ]);
      longestMs = Math.max(longestMs, performance.now() - begun);
      await turn();
    }
  });
  return { megabytesPerSecond: size / 1e6 / (span / 1000), longestMs };
}
