import type { StoredEvent, StreamGap } from "./stored-event.ts";

/**
 * Replaces output that was shown but could not be recorded by gaps, placed after the `pending` events: one gap per
 * stream, with the last of the replaced numbers, as for dropped output (`EventLog.truncateMiddle`). Adjacent gaps in
 * `pending` are merged, so that a disk that stays full costs no memory.
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
    // The last event's stream comes last: a reader that has all before it has all of the other stream.
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
