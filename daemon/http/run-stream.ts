import type { EventsQuery } from "../../protocol/event.ts";
import { refusedField } from "../../protocol/invalid-request.ts";
import type { RunHistory } from "../runs/history.ts";
import { createEventEncoder, encodedFeed } from "./event-encoding.ts";
import { createFrameEncoder, frames } from "./frames.ts";
import type { MessageFeed } from "./sse.ts";

export interface StreamRequest {
  readonly query: EventsQuery;
  /** The `Last-Event-ID` header. */
  readonly lastEventId?: string | undefined;
  readonly asFrames: boolean;
}

/** The stream of a run for one request. Throws `run_unknown`, `stream_position_unknown`. */
export function runStream(history: RunHistory, id: string, request: StreamRequest): MessageFeed {
  const { query, asFrames } = request;
  const from = position(history, id, request);
  const all = query.follow === "all" || (query.follow === undefined && asFrames && from === 0);
  const feed = history.feed(id, { from, all });
  const { epoch } = history;
  if (!asFrames) return encodedFeed(feed, createEventEncoder(epoch, id, query.raw === "1"));
  const view = {
    epoch,
    runId: id,
    raw: query.raw !== "0",
    positions: query.positions === "1",
    offsets: offsetsOf(query),
  };
  return { ...encodedFeed(feed, createFrameEncoder(view)), wire: frames };
}

/** With both an event id and offsets, the later position applies. */
function position(history: RunHistory, id: string, { query, lastEventId, asFrames }: StreamRequest): number {
  const after = history.position(id, lastEventId ?? query.after);
  if (query.stdout === undefined && query.stderr === undefined) return after;
  if (!asFrames) {
    const message = "is for frames only; use after to resume after an event";
    const path = query.stdout === undefined ? "stderr" : "stdout";
    throw refusedField(path, message);
  }
  return Math.max(after, history.positionBehind(id, offsetsOf(query)));
}

function offsetsOf({ stdout = 0, stderr = 0 }: EventsQuery): { stdout: number; stderr: number } {
  return { stdout, stderr };
}
