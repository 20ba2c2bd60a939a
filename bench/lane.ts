import { setTimeout as delay } from "node:timers/promises";
import { Samples } from "./samples.ts";

/** One way to do the same thing; lanes take turns, so that whatever disturbs the machine disturbs them all. */
export interface Lane {
  readonly name: string;
  /** Does it once, and gives what was measured; rejects when it went wrong. */
  measure(): Promise<number>;
}

export interface Race {
  readonly lanes: readonly Lane[];
  readonly rounds: number;
  /** How often in a row a lane is measured at its turn. */
  readonly inARow: number;
  /** The rest before each measurement, in milliseconds. */
  readonly restMs: number;
  /** No round begins after this, by `performance.now()`. */
  readonly until: number;
}

/** Measures the lanes in turns; who goes first changes with every round. */
export async function race(
  { lanes, rounds, inARow, restMs, until }: Race,
  signal: AbortSignal,
): Promise<ReadonlyMap<Lane, Samples>> {
  const samples = new Map(lanes.map((lane) => [lane, new Samples()]));
  for (let round = 0; round < rounds && performance.now() < until; round += 1) {
    const first = round % lanes.length;
    for (const lane of [...lanes.slice(first), ...lanes.slice(0, first)]) {
      for (let time = 0; time < inARow; time += 1) {
        signal.throwIfAborted();
        if (restMs > 0) await delay(restMs);
        samples.get(lane)?.add(await lane.measure());
      }
    }
  }
  return samples;
}

/** Runs that are not counted: the first ones find cold code and cold caches. */
export async function warmUp(lanes: readonly Lane[], times: number, signal: AbortSignal): Promise<void> {
  await race({ lanes, rounds: times, inARow: 1, restMs: 0, until: Number.POSITIVE_INFINITY }, signal);
}

/** The milliseconds that `task` takes. */
export async function timed(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await task();
  return performance.now() - begun;
}

/** Of a lane that took part. */
export function samplesOf(samples: ReadonlyMap<Lane, Samples>, lane: Lane): Samples {
  const found = samples.get(lane);
  if (found === undefined) throw new Error(`${lane.name} took no part`);
  return found;
}

/** Heading and rows: the lanes' quantiles, how much they waver, and their ratio to `unit`. */
export function latencyTable(
  title: string,
  lanes: readonly Lane[],
  samples: ReadonlyMap<Lane, Samples>,
  unit: number,
): [heading: string[], rows: string[][]] {
  const rows = lanes.map((lane) => {
    const of = samplesOf(samples, lane);
    const quantiles = [0.5, 0.9, 0.99].map((q) => of.quantile(q).toFixed(2));
    const spread = `${Math.round(of.spread * 100)} %`;
    return [lane.name, String(of.count), ...quantiles, spread, (of.median / unit).toFixed(2)];
  });
  return [[title, "n", "p50", "p90", "p99", "spread", "÷ ControlMaster"], rows];
}
