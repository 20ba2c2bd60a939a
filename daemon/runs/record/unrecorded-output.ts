import type { StoredEvent, StreamGap } from "./stored-event.ts";

/**
 * What stands in the record, behind the events that are `pending`, for output that was shown and could not be recorded: one gap a
 * stream, under the last of the numbers that they stand for, as for output that is dropped (`EventLog.truncateMiddle`). Gaps that
 * are next to it in `pending` become part of it, so that a disk that stays full costs no memory.
 */
export function withGaps(pending: readonly StoredEvent[], shown: readonly StoredEvent[]): StoredEvent[] {
  const last = shown.at(-1);
  if (last === undefined) return [...pending];
  const firstOfTail = pending.findLastIndex(({ kind }) => kind !== "gap") + 1;
  const gaps = new Map<string, StreamGap>();
  for (const event of [...pending.slice(firstOfTail), ...shown]) {
    if (event.kind === "control") continue;
    const { stream } = event;
    const from = gaps.get(stream)?.from ?? (event.kind === "gap" ? event.from : event.offset);
    const to = event.kind === "gap" ? event.to : event.offset + event.bytes.length;
    // The last event's stream comes last: who has all before it has all of the other stream.
    gaps.delete(stream);
    gaps.set(stream, { stream, from, to });
  }
  const seq = last.seq - gaps.size + 1;
  return [
    ...pending.slice(0, firstOfTail),
    ...[...gaps.values()].map(
      (gap, index): StoredEvent => ({ seq: seq + index, at: last.at, kind: "gap", ...gap }),
    ),
  ];
}
