import { Worker } from "node:worker_threads";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { Slots } from "../core/slots.ts";
import { TimeSlice } from "../core/time-slice.ts";
import type { RunHistory } from "../runs/history.ts";
import type { DiffSide } from "./unified-diff.ts";

/** Of a longer output only the end is compared. */
const maxComparedBytes = 10 * 1024 * 1024;
/** As long as VS Code looks for what moved. */
const timeoutMs = 5000;
/** One that is far beyond its own time-out is taken for lost. */
const maxThreadMs = 60_000;
const threadsAtOnce = 1;

export interface OutputDiffParts {
  readonly history: Pick<RunHistory, "get" | "output">;
  readonly clock: ConstructorParameters<typeof TimeSlice>[0];
  /** daemon/differ.ts, as built or as it stands. */
  readonly script: string;
}

/** Compares the recorded outputs of runs, in a thread of its own. */
export class OutputDiff {
  readonly #parts: OutputDiffParts;
  readonly #slots = new Slots(threadsAtOnce);

  constructor(parts: OutputDiffParts) {
    this.#parts = parts;
  }

  /** As `unifiedDiff`. Rejects with `run_unknown`. */
  async compare(a: string, b: string, stream: "stdout" | "stderr" | "both"): Promise<string> {
    const { history } = this.#parts;
    const runs = await Promise.all([history.get(a), history.get(b)]);
    return this.#slots.run(async () => {
      const [one, other] = [await this.#side(runs[0], stream), await this.#side(runs[1], stream)];
      return inThread(this.#parts.script, one, other);
    });
  }

  async #side(run: Run, stream: "stdout" | "stderr" | "both"): Promise<DiffSide> {
    const output = this.#parts.history.output(run.id, stream);
    const skippedBytes = Math.max(0, output.size - maxComparedBytes);
    const slice = new TimeSlice(this.#parts.clock);
    const chunks: Buffer[] = [];
    for (const chunk of output.read(skippedBytes, output.size)) {
      chunks.push(chunk);
      if (slice.spent) await slice.next();
    }
    // Of one stream it is not known how much of what is missing was its own.
    const unrecordedBytes = run.truncatedBytes;
    return { host: run.host.name, run: run.id, bytes: Buffer.concat(chunks), skippedBytes, unrecordedBytes };
  }
}

function inThread(script: string, a: DiffSide, b: DiffSide): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData: { a, b, timeoutMs }, env: {}, stdout: false });
    const fail = (cause?: unknown): void =>
      reject(new Problem("internal", "The outputs could not be compared.", { cause }));
    const timer = setTimeout(() => void worker.terminate(), maxThreadMs);
    worker.once("message", (patch: unknown) => (typeof patch === "string" ? resolve(patch) : fail()));
    worker.once("error", fail);
    worker.once("exit", () => {
      clearTimeout(timer);
      fail();
    });
  });
}
