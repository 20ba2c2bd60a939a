import type { EventLog } from "../runs/record/event-log.ts";
import type { Database } from "./database.ts";
import type { Endings } from "./endings.ts";
import type { EventTable } from "./events.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import type { RunNumbers } from "./run-numbers.ts";
import { toRow, updateRun } from "./run-row.ts";
import type { Segments } from "./segments.ts";

interface EventLogParts {
  readonly events: EventTable;
  readonly segments: Segments;
  readonly endings: Endings;
  readonly numbers: RunNumbers;
}

/** The events of runs in SQLite. Outside the store, runs are known by id and not by number. */
export function createEventLog(
  { sql, epoch }: Database,
  { events, segments, endings, numbers }: EventLogParts,
): EventLog {
  const update = sql.prepare<[object]>(updateRun);
  const numberOf = (id: string): number => numbers.of(id);
  const insert: EventLog["append"] = (id, more, run) => {
    const number = numberOf(id);
    events.insert({ id, number }, more);
    if (run === undefined) return;
    update.run({ ...toRow(run), number });
    if (run.state === "ended") segments.finish(number);
  };
  const append = sql.transaction(insert);
  const appendAll = sql.transaction<EventLog["appendAll"]>((writes) => {
    for (const { id, events: more, run } of writes) insert(id, more, run);
  });
  return {
    epoch,
    append: (id, more, run) => {
      const write = (): void => mapStorageErrors(() => append(id, more, run));
      if (run?.state !== "ended") write();
      // The room kept for endings is not for output. Without it, the ending is tried again.
      else if (more.some(({ kind }) => kind === "output")) endings.writeInRoom(write);
      else endings.write(write);
      if (run?.state === "ended") numbers.ended(id);
    },
    appendAll: (writes) => mapStorageErrors(() => appendAll(writes)),
    truncateMiddle: (id, cut, bytes, at) =>
      events.truncateMiddle({ id, number: numberOf(id) }, cut, bytes, at),
    copyOutput: (from, to, firstSeq) =>
      mapStorageErrors(() => events.copyOutput(numberOf(from), numberOf(to), firstSeq)),
    read: (id, after, maxBytes) => events.page(numberOf(id), after, maxBytes),
    lastSeq: (id) => events.lastSeq(numberOf(id)),
    last: (id) => events.last(numberOf(id)),
    placeOf: (id, stream, offset) => events.placeOf(numberOf(id), stream, offset),
    output: (id, stream) => events.output(numberOf(id), stream),
  };
}
