import type { Recorder } from "../recorder.ts";
import type { RunStore } from "../run-store.ts";

const pageBytes = 1024 * 1024;

/**
 * Brings a fresh recorder to where the record of a run ends, so that it goes on counting and hashing from there.
 * False when the record has holes: the bytes in them are counted as lost, and the hashes are worth nothing.
 */
export function takeRecordAgain(store: RunStore, number: number, recorder: Recorder): boolean {
  let whole = true;
  let seq = 0;
  for (;;) {
    const page = store.events(number, seq, pageBytes);
    const last = page.at(-1);
    if (last === undefined) return whole;
    seq = last.seq;
    for (const { stream, start, body } of page) {
      if (stream === null || start === null) continue;
      const missing = start - recorder.receivedBytes(stream);
      if (missing > 0) {
        recorder.skip(stream, missing);
        whole = false;
      }
      recorder.takeAgain(stream, body);
    }
  }
}
