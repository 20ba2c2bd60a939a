import { type Bed, openControlMaster, wayTo } from "./bed.ts";
import { openDelay } from "./delayed.ts";
import { type HttpRunner, openHttpRunner } from "./http-run.ts";
import { type Contender, latencyTable, race, samplesOf, timed, warmUp } from "./contender.ts";
import { finished } from "./process.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

const distancesMs = [20, 50];
const bursts = 100;

/** Runs of `true` on a distant host, one by one and a hundred at once. */
export async function distanceSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  const goals: Goal[] = [];
  for (const rttMs of options.short ? [20] : distancesMs) {
    goals.push(...(await atDistance(bed, rttMs, options, signal)));
  }
  return goals;
}

async function atDistance(
  bed: Bed,
  rttMs: number,
  options: SuiteOptions,
  signal: AbortSignal,
): Promise<Goal[]> {
  await using stack = new AsyncDisposableStack();
  const far = await wayTo(bed, { ...bed.sshd, port: await openDelay(stack, bed, rttMs) }, `far-${rttMs}`);
  const http = stack.use(openHttpRunner(bed));
  const shared = await openControlMaster(stack, far, `mux-${rttMs}`);
  const single: Contender = {
    name: "Hostrun, POST to `complete`",
    measure: () => http.run(far.warm, "true"),
  };
  const mux: Contender = {
    name: "ssh over ControlMaster",
    measure: () => timed(() => finished("ssh", [...shared, "true"])),
  };
  const count = options.short ? 10 : bursts;
  const many: Contender = {
    name: `Hostrun, ${count} at once`,
    measure: () => timed(() => burst(bed, far, count)),
  };
  const manyMux: Contender = {
    name: `xargs -P10 ssh over ControlMaster, ${count}`,
    measure: () => timed(() => bySsh(shared, count)),
  };
  await warmUp([single, mux, many], 3, signal);
  const { until } = options;
  const rounds = options.rounds ?? 30;
  const spaced = await race({ contenders: [single, mux], rounds, inARow: 1, restMs: 15, until }, signal);
  const bulk = { contenders: [many, manyMux], rounds: Math.ceil(rounds / 6), inARow: 1, restMs: 50, until };
  const together = await race(bulk, signal);
  const median = (contender: Contender): number =>
    samplesOf(contender === single || contender === mux ? spaced : together, contender).median;
  printTable(...latencyTable(`At ${rttMs} ms there and back (ms)`, [single, mux], spaced, median(mux)));
  printTable(
    ...latencyTable(`${count} runs at ${rttMs} ms (ms)`, [many, manyMux], together, median(manyMux)),
  );
  return [
    {
      id: "P5",
      meaning: `warm run ÷ ssh ControlMaster at ${rttMs} ms, p50`,
      bound: "≤",
      limit: 0.5,
      value: median(single) / median(mux),
    },
    {
      id: "P5",
      meaning: `warm run − one round trip of ${rttMs} ms, p50 in ms`,
      bound: "≤",
      limit: 6,
      value: median(single) - rttMs,
    },
    {
      id: "P14",
      meaning: `${count} runs at once ÷ xargs -P10 ssh over ControlMaster, at ${rttMs} ms`,
      bound: "≤",
      limit: 0.15,
      value: median(many) / median(manyMux),
    },
  ];
}

/** Each over a connection of its own to the daemon, as from a hundred callers. */
async function burst(bed: Bed, far: Pick<Bed, "warm">, count: number): Promise<void> {
  const runners: HttpRunner[] = Array.from({ length: count }, () => openHttpRunner(bed));
  try {
    await Promise.all(runners.map((runner) => runner.run(far.warm, "true")));
  } finally {
    for (const runner of runners) runner[Symbol.dispose]();
  }
}

async function bySsh(shared: readonly string[], count: number): Promise<void> {
  const command = `seq ${count} | xargs -P10 -I{} "$@" true`;
  await finished("sh", ["-c", command, "-", "ssh", ...shared]);
}
