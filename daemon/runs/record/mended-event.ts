import type { Run } from "../../../protocol/run.ts";
import { completeFields } from "./ending.ts";
import { type ControlFields, controlContent, type RecordedEvent, type StoredEvent } from "./stored-event.ts";

/**
 * Turns an event of the record into one for readers. Lost output becomes a gap. An event that is damaged, or was
 * written by another version of Hostrun and is unknown to this one, is replaced by one made from the run's own row, so
 * that a stream still begins with `init`, ends with `complete` and skips no number. `lastSeq` is the number of the
 * run's last event; `runOf` is called only for such an event.
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
