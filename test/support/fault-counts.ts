import { randomInt } from "node:crypto";

/** `npm run test:faults` asks for the full form; `npm test` runs a short one. */
export const isFull = process.env["TEST_FAULTS"] === "full";

/** How often something is done: so many times in the short form, so many in the full one. */
export function times(short: number, full: number): number {
  return isFull ? full : short;
}

/** What a property is tried on: 100,000 cases in the full form, for which its test then has the time. */
export function cases(short: number): { readonly numRuns: number } {
  return { numRuns: times(short, 100_000) };
}

/** For a test of `cases`, in milliseconds. */
export const casesTimeout = times(30_000, 1_800_000);

export interface Random {
  readonly seed: number;
  /** A whole number from `from` up to and including `to`. */
  between(from: number, to: number): number;
}

/** Numbers that can be had again: TEST_SEED repeats a run whose seed was printed. */
export function createRandom(seed = Number(process.env["TEST_SEED"] ?? randomInt(2 ** 31))): Random {
  let state = seed >>> 0;
  // Mulberry32.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, between: (from, to) => from + Math.floor(next() * (to - from + 1)) };
}

/** What a fault suite counts. The last three are 0, or the promise of a run is broken. */
export class FaultCounts {
  runs = 0;
  faults = 0;
  /** Of the runs, durable ones that began on their host, and those of them whose end came to be known with every byte. */
  readonly durable = { begun: 0, recovered: 0 };
  doubleExecutions = 0;
  /** That a reader had been shown as recorded. */
  bytesLost = 0;
  wrongOutcomes = 0;

  get broken(): { doubleExecutions: number; bytesLost: number; wrongOutcomes: number } {
    const { doubleExecutions, bytesLost, wrongOutcomes } = this;
    return { doubleExecutions, bytesLost, wrongOutcomes };
  }

  /** One line for the log of the tests. */
  print(suite: string, more: Readonly<Record<string, string | number>> = {}): void {
    const figures = {
      runs: this.runs,
      faults: this.faults,
      "double executions": this.doubleExecutions,
      "bytes lost that were shown": this.bytesLost,
      "wrong outcomes": this.wrongOutcomes,
      ...(this.durable.begun > 0 && {
        "durable runs": this.durable.begun,
        recovered: this.durable.recovered,
      }),
      ...more,
    };
    const text = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
    console.log(`${suite}: ${text.join(", ")}`);
  }
}

export const untouched = { doubleExecutions: 0, bytesLost: 0, wrongOutcomes: 0 };
