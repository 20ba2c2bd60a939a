import { setTimeout as delay } from "node:timers/promises";
import { Samples } from "./samples.ts";

/** One way to do the same thing; contenders take turns, so that a disturbance of the machine affects all of them. */
export interface Contender {
  readonly name: string;
  /** Does it once, and resolves to the measured value; rejects if it failed. */
  measure(): Promise<number>;
}

export interface Race {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** How many times in a row a contender is measured at its turn. */
  readonly inARow: number;
  /** The rest before each measurement, in milliseconds. */
  readonly restMs: number;
  /** No round starts after this, by `performance.now()`. */
  readonly until: number;
}

/** Measures the contenders in turns; each round starts with another one. */
export async function race(
  { contenders, rounds, inARow, restMs, until }: Race,
  signal: AbortSignal,
): Promise<ReadonlyMap<Contender, Samples>> {
  const samples = new Map(contenders.map((contender) => [contender, new Samples()]));
  for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      for (let time = 0; time < inARow; time += 1) {
        signal.throwIfAborted();
        if (restMs > 0) await delay(restMs);
        samples.get(contender)?.add(await contender.measure());
      }
    }
  }
  return samples;
}

/** Uncounted runs, since the first ones find cold code and cold caches. */
export async function warmUp(
  contenders: readonly Contender[],
  times: number,
  signal: AbortSignal,
): Promise<void> {
  await race({ contenders, rounds: times, inARow: 1, restMs: 0, until: Number.POSITIVE_INFINITY }, signal);
}

/** The milliseconds that `task` takes. */
export async function timed(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await task();
  return performance.now() - begun;
}

/** For a contender that was measured. */
export function samplesOf(samples: ReadonlyMap<Contender, Samples>, contender: Contender): Samples {
  const found = samples.get(contender);
  if (found === undefined) throw new Error(`${contender.name} took no part`);
  return found;
}

/** Heading and rows: the contenders' quantiles, their spread, and their ratio to `unit`. */
export function latencyTable(
  title: string,
  contenders: readonly Contender[],
  samples: ReadonlyMap<Contender, Samples>,
  unit: number,
): [heading: string[], rows: string[][]] {
  const rows = contenders.map((contender) => {
    const of = samplesOf(samples, contender);
    const quantiles = [0.5, 0.9, 0.99].map((q) => of.quantile(q).toFixed(2));
    const spread = `${Math.round(of.spread * 100)} %`;
    return [contender.name, String(of.count), ...quantiles, spread, (of.median / unit).toFixed(2)];
  });
  return [[title, "n", "p50", "p90", "p99", "spread", "÷ ControlMaster"], rows];
}
