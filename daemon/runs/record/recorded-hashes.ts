import { createHash } from "node:crypto";
import type { RunStore } from "./run-store.ts";

/** SHA-256 of each stream of a wholly recorded run, in hex. */
export function recordedHashes(store: RunStore, number: number): { stdout: string; stderr: string } {
  const hashOf = (stream: "stdout" | "stderr"): string => {
    const output = store.output(number, stream);
    const hash = createHash("sha256");
    for (const piece of output.read(0, output.size)) hash.update(piece);
    return hash.digest("hex");
  };
  return { stdout: hashOf("stdout"), stderr: hashOf("stderr") };
}
