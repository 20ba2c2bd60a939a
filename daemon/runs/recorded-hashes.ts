import { createHash } from "node:crypto";
import type { RunStore } from "./run-store.ts";

/** SHA-256 of each stream of a wholly recorded run, in hex. */
export function recordedHashes(store: RunStore, number: number): { stdout: string; stderr: string } {
  const hashOf = (stream: "stdout" | "stderr"): string => {
    const { size, read } = store.output(number, stream);
    const hash = createHash("sha256");
    for (const piece of read(0, size)) hash.update(piece);
    return hash.digest("hex");
  };
  return { stdout: hashOf("stdout"), stderr: hashOf("stderr") };
}
