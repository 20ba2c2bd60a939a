import { Worker } from "node:worker_threads";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { Slots } from "../core/slots.ts";
import { TimeSlice } from "../core/time-slice.ts";
import type { RunHistory } from "../runs/history.ts";
import type { DiffSide } from "./unified-diff.ts";

/** For longer output only the end is compared. */
const maxComparedBytes = 10 * 1024 * 1024;
/** VS Code's own limit for its search for moved text. */
const timeoutMs = 5000;
/** A thread that far exceeds its own time-out is considered lost. */
const maxThreadMs = 60_000;
/** So that a small comparison need not wait for a large one. */
const threadsAtOnce = 2;

type Stream = "stdout" | "stderr" | "both";

export interface OutputDiffParts {
  readonly history: Pick<RunHistory, "get" | "output">;
  readonly clock: ConstructorParameters<typeof TimeSlice>[0];
  /** Path of daemon/differ.ts, built or as source. */
  readonly script: string;
}

/** Compares the recorded outputs of runs, in threads. */
export class OutputDiff {
  readonly #parts: OutputDiffParts;
  readonly #slots = new Slots(threadsAtOnce);

  constructor(parts: OutputDiffParts) {
    this.#parts = parts;
  }

  /** Returns a patch like `unifiedDiff`. Rejects with `run_unknown`, or with the signal's reason. */
  async compare(ids: readonly [string, string], stream: Stream, signal: AbortSignal): Promise<string> {
    const { history, script } = this.#parts;
    const [a, b] = await Promise.all([history.get(ids[0]), history.get(ids[1])]);
    return this.#slots.run(async () => {
      signal.throwIfAborted();
      const sides = { a: await this.#side(a, stream), b: await this.#side(b, stream) };
      return inThread(script, sides, signal);
    });
  }

  async #side(run: Run, stream: Stream): Promise<DiffSide> {
    const output = this.#parts.history.output(run.id, stream);
    const skippedBytes = Math.max(0, output.size - maxComparedBytes);
    const slice = new TimeSlice(this.#parts.clock);
    const chunks: Buffer[] = [];
    for (const chunk of output.read(skippedBytes, output.size)) {
      chunks.push(chunk);
      if (slice.spent) await slice.next();
    }
    // How much of the missing bytes belongs to a single stream is not known.
    const unrecordedBytes = run.truncatedBytes;
    return { host: run.host.name, run: run.id, bytes: Buffer.concat(chunks), skippedBytes, unrecordedBytes };
  }
}

async function inThread(
  script: string,
  sides: { readonly a: DiffSide; readonly b: DiffSide },
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const worker = new Worker(script, { workerData: { ...sides, timeoutMs }, env: {}, stdout: false });
  const terminate = (): void => void worker.terminate();
  const timer = setTimeout(terminate, maxThreadMs);
  signal.addEventListener("abort", terminate);
  try {
    return await patchOf(worker);
  } catch (failure) {
    signal.throwIfAborted();
    throw failure;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", terminate);
  }
}

function patchOf(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown): void =>
      reject(new Problem("internal", "The outputs could not be compared.", { cause }));
    worker.once("message", (patch: unknown) => (typeof patch === "string" ? resolve(patch) : fail()));
    worker.once("error", fail);
    worker.once("exit", () => fail());
  });
}
