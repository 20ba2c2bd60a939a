import { join } from "node:path";
import { type Bed, openControlMaster } from "./bed.ts";
import { openHttpRunner } from "./http-run.ts";
import { type Contender, race, timed, warmUp } from "./contender.ts";
import { childTicks, tickMs } from "./cpu-time.ts";
import { finished } from "./process.ts";
import { Samples } from "./samples.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

/** `hostrun run` as a process, compared with the minimum that any Node process takes. */
export async function commandLineSuite(
  bed: Bed,
  options: SuiteOptions,
  signal: AbortSignal,
): Promise<Goal[]> {
  await using stack = new AsyncDisposableStack();
  const http = stack.use(openHttpRunner(bed));
  const shared = await openControlMaster(stack, bed, "mux");
  const cli = join(bed.dist, "cli.cjs");
  const env = { ...process.env, HOSTRUN_HOME: bed.directory.join("state") };
  const node = async (...args: readonly string[]): Promise<unknown> => finished(process.execPath, args, env);
  const contenders = [
    processContender("hostrun run", () => node(cli, "run", "-n", bed.warm, "true")),
    processContender("node -e 0", () => node("-e", "0")),
    processContender("ssh over ControlMaster", () => finished("ssh", [...shared, "true"])),
    { name: "Hostrun, POST to `complete`", cpu: undefined, measure: () => http.run(bed.warm, "true") },
  ] as const;
  const [run, empty, mux, warm] = contenders;
  await warmUp(contenders, options.short ? 1 : 5, signal);
  for (const { cpu } of contenders) cpu?.clear();
  const rounds = options.rounds ?? 100;
  const samples = await race({ contenders, rounds, inARow: 1, restMs: 10, until: options.until }, signal);
  const median = (of: Contender): number => samples.get(of)?.median ?? Number.NaN;
  printTable(
    ["A process each (ms)", "n", "p50", "p90", "p99", "spread", "CPU, mean", "÷ ControlMaster"],
    contenders.map((contender) => [
      contender.name,
      ...cells(samples.get(contender)),
      contender.cpu?.mean.toFixed(1) ?? "",
      (median(contender) / median(mux)).toFixed(2),
    ]),
  );
  return [
    {
      id: "P12",
      meaning: "`hostrun run` − `node -e 0` − a warm run, p50 in ms",
      bound: "≤",
      limit: 15,
      value: median(run) - median(empty) - median(warm),
    },
    {
      id: "P12",
      meaning: "CPU of `hostrun run` − CPU of `node -e 0`, mean in ms",
      bound: "≤",
      limit: 15,
      value: run.cpu.mean - empty.cpu.mean,
    },
  ];
}

function processContender(
  name: string,
  run: () => Promise<unknown>,
): Contender & { readonly cpu: ChildTime } {
  const cpu = new ChildTime();
  return {
    name,
    cpu,
    measure: async () => {
      const before = childTicks();
      const span = await timed(run);
      cpu.add(childTicks() - before);
      return span;
    },
  };
}

/** Ticks are coarse (10 ms), but right on average. */
class ChildTime {
  #ticks = 0;
  #count = 0;

  add(ticks: number): void {
    this.#ticks += ticks;
    this.#count += 1;
  }

  clear(): void {
    this.#ticks = 0;
    this.#count = 0;
  }

  get mean(): number {
    return (this.#ticks * tickMs) / this.#count;
  }
}

function cells(samples: Samples | undefined): string[] {
  const of = samples ?? new Samples();
  const quantiles = [0.5, 0.9, 0.99].map((q) => of.quantile(q).toFixed(1));
  return [String(of.count), ...quantiles, `${Math.round(of.spread * 100)} %`];
}
