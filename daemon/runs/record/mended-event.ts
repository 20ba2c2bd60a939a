import type { Run } from "../../../protocol/run.ts";
import { completeFields } from "./ending.ts";
import { type ControlFields, controlContent, type RecordedEvent, type StoredEvent } from "./stored-event.ts";

/**
 * An event of the record as readers can take it. Lost output is a gap. An event that is damaged, or that another version
 * of Hostrun wrote and this one does not know, is replaced by what the run's own row says, so that a stream still begins
 * with `init`, ends with `complete`, and misses no number. `lastSeq` is the number of the run's last event;
 * `runOf` is called for such an event only.
 */
export function mended(event: RecordedEvent, runOf: () => Run, lastSeq: number): StoredEvent {
  const { seq, at } = event;
  if (event.kind === "damaged" || !isInstant(at)) {
    const run = runOf();
    const substitute = controlContent(substituteFields(seq, run, lastSeq));
    return { seq, at: isInstant(at) ? at : run.createdAt, ...substitute };
  }
  if (event.kind !== "lost") return event;
  return { seq, at, kind: "gap", stream: event.stream, from: event.offset, to: event.offset + event.size };
}

function substituteFields(seq: number, run: Run, lastSeq: number): ControlFields {
  if (seq === 1) {
    const unended = {
      outcome: null,
      exitCode: null,
      signal: null,
      problem: null,
      startedAt: null,
      endedAt: null,
    };
    return { type: "init", run: { ...run, ...unended, state: "queued" } };
  }
  if (run.state === "ended" && seq === lastSeq) return completeFields(run, undefined);
  if (run.problem !== null && seq === lastSeq - 1) return { type: "error", problem: run.problem };
  return { type: "status", state: run.state, message: "What was recorded here cannot be read any more" };
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text);
}
