import type { Clock } from "./clock.ts";
import { TimeSlice } from "./time-slice.ts";

/** Calls `take` with each line of a text, numbered from 1. In time slices, since a file may have 100,000 lines. */
export async function takeLines(
  text: string,
  clock: Pick<Clock, "elapsed">,
  take: (line: string, number: number) => void,
): Promise<void> {
  const slice = new TimeSlice(clock);
  let at = 0;
  for (let number = 1; at < text.length; number += 1) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    take(text.slice(at, end), number);
    at = end + 1;
    if (slice.spent) await slice.next();
  }
}
