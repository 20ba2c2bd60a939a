import { parentPort, workerData } from "node:worker_threads";
import { type DiffSide, unifiedDiff } from "./diff/unified-diff.ts";

/** The thread that compares the outputs of two runs (see diff/output-diff.ts), which may take seconds of CPU time. */
const given: unknown = workerData;
const [a, b, timeoutMs] = ["a", "b", "timeoutMs"].map((name): unknown => Reflect.get(Object(given), name));
if (isSide(a) && isSide(b)) parentPort?.postMessage(unifiedDiff(a, b, Number(timeoutMs)));

/** Sufficient for what output-diff.ts sends. */
function isSide(value: unknown): value is DiffSide {
  return typeof value === "object" && value !== null && "bytes" in value && value.bytes instanceof Uint8Array;
}
