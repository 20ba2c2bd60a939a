import { createHash } from "node:crypto";
import type { EventLog } from "./event-log.ts";

/** SHA-256 of each stream of a completely recorded run, in hex. */
export function recordedHashes(events: EventLog, id: string): { stdout: string; stderr: string } {
  const hashOf = (stream: "stdout" | "stderr"): string => {
    const output = events.output(id, stream);
    const hash = createHash("sha256");
    for (const piece of output.read(0, output.size)) hash.update(piece);
    return hash.digest("hex");
  };
  return { stdout: hashOf("stdout"), stderr: hashOf("stderr") };
}
