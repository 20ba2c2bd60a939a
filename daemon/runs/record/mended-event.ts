import { RunEvent } from "../../../protocol/event.ts";
import type { Run } from "../../../protocol/run.ts";
import { parseJson } from "../../core/json.ts";
import { completeFields } from "./ending.ts";
import type { StoredEvent } from "./run-store.ts";

/**
 * An event of the record as readers can take it: one that is damaged, or that another version of Hostrun wrote and this
 * one does not know, is replaced by what the run's own row says, so that a stream still begins with `init`, ends with
 * `complete`, and misses no number. `lastSeq` is the number of the run's last event.
 */
export function mended(event: StoredEvent, run: Run, lastSeq: number): StoredEvent {
  if (isWhole(event)) return event;
  const at = isInstant(event.at) ? event.at : run.createdAt;
  const fields = substitute(event.seq, run, lastSeq);
  const body = Buffer.from(JSON.stringify({ runId: run.id, timestamp: at, ...fields }));
  return { seq: event.seq, at, stream: null, start: null, noise: false, body };
}

function isWhole(event: StoredEvent): boolean {
  if (!isInstant(event.at)) return false;
  return event.stream === null ? readEvent(event.body) !== undefined : isOutput(event);
}

/** Whether it says which bytes it is of which stream. */
export function isOutput({ stream, start, lostBytes = 0 }: StoredEvent): boolean {
  return (stream === "stdout" || stream === "stderr") && start !== null && start >= 0 && lostBytes >= 0;
}

/** An event that is no output, by its stored JSON; undefined where that is none. */
export function readEvent(body: Buffer): RunEvent | undefined {
  try {
    return RunEvent.safeParse(parseJson(body.toString())).data;
  } catch {
    return undefined;
  }
}

function substitute(seq: number, run: Run, lastSeq: number): object {
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
  if (run.state === "ended" && seq === lastSeq) {
    return completeFields({ ...run, outcome: run.outcome ?? "unknown" }, undefined);
  }
  if (run.problem !== null && seq === lastSeq - 1) return { type: "error", problem: run.problem };
  return { type: "status", state: run.state, message: "What was recorded here cannot be read any more" };
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text);
}
