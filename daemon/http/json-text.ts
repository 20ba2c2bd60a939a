import { systemClock } from "../core/clock.ts";
import { TimeSlice } from "../core/time-slice.ts";

/** Shorter lists take a negligible time. */
const longLength = 500;

/** Like JSON.stringify, but encodes a long list in slices of the event loop. */
export async function jsonText(value: object): Promise<string> {
  const members: [string, unknown][] = Object.entries(value);
  if (!members.some(([, member]) => Array.isArray(member) && member.length >= longLength)) {
    return JSON.stringify(value);
  }
  const slice = new TimeSlice(systemClock);
  const texts: string[] = [];
  for (const [name, member] of members) {
    if (!Array.isArray(member)) {
      if (member !== undefined) texts.push(`${JSON.stringify(name)}:${JSON.stringify(member)}`);
      continue;
    }
    const items: string[] = [];
    for (const item of member) {
      items.push(JSON.stringify(item));
      if (slice.spent) await slice.next();
    }
    texts.push(`${JSON.stringify(name)}:[${items.join(",")}]`);
  }
  return `{${texts.join(",")}}`;
}
