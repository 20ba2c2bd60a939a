import { RunEvent } from "../../../protocol/event.ts";
import { parseJson } from "../../core/json.ts";
import type { StoredEvent, StreamGap } from "./run-store.ts";

/** The gap that an event tells of, or is because its bytes cannot be read any more; undefined for every other one. */
export function gapOf({ stream, start, body, lostBytes }: StoredEvent): StreamGap | undefined {
  if (stream !== null && start !== null) {
    return lostBytes === undefined ? undefined : { stream, from: start, to: start + lostBytes };
  }
  if (!body.includes('"type":"gap"')) return undefined;
  const event = RunEvent.parse(parseJson(body.toString()));
  return event.type === "gap" ? { stream: event.stream, from: event.from, to: event.to } : undefined;
}
