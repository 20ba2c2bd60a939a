import type { TruncatedRange } from "./event-log.ts";
import type { EventWriterParts } from "./event-writer-parts.ts";
import type { Recorder } from "./recorder.ts";

/** A record over its limit, and what was cut out of its middle so far. */
interface Excess {
  readonly id: string;
  readonly cut: TruncatedRange;
  readonly recorder: Recorder;
}

/**
 * Keeps a record within its limit: the oldest output after the first half makes room for the newest. Takes one step or,
 * with `all`, as many as needed. Returns the wider cut.
 */
export function truncateMiddle(
  { id, cut, recorder }: Excess,
  all: boolean,
  { store, clock, log }: EventWriterParts,
): TruncatedRange {
  const at = clock.now();
  let wider = cut;
  try {
    while (recorder.excessBytes > 0) {
      const more = store.events.truncateMiddle(id, wider, recorder.excessBytes, at);
      wider = more.cut;
      recorder.dropped(more.bytes);
      if (!all || more.bytes === 0) break;
    }
  } catch (failure) {
    log.error("Output beyond the record's limit could not be dropped", { run: id, failure });
  }
  return wider;
}
