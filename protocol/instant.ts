const spans: readonly [RegExp, (at: Date, count: number) => void][] = [
  [/^s(?:ec(?:ond)?s?)?$/, (at, count) => at.setSeconds(at.getSeconds() - count)],
  [/^m(?:in(?:ute)?s?)?$/, (at, count) => at.setMinutes(at.getMinutes() - count)],
  [/^h(?:ours?)?$/, (at, count) => at.setHours(at.getHours() - count)],
  [/^d(?:ays?)?$/, (at, count) => at.setDate(at.getDate() - count)],
  [/^w(?:eeks?)?$/, (at, count) => at.setDate(at.getDate() - 7 * count)],
];

/**
 * An instant as a person says it: now, today, yesterday, "2h", "3 days ago", 12:30, 2026-01-31 or a whole ISO 8601 time.
 * What names no zone is local, a day its first moment. The answer is ISO 8601 in UTC; undefined is no time.
 */
export function parseInstant(text: string, now = new Date()): string | undefined {
  const at = relative(text.trim().toLowerCase(), now) ?? absolute(text.trim(), now);
  return at === undefined || !isStorable(at) ? undefined : at.toISOString();
}

function relative(text: string, now: Date): Date | undefined {
  const at = new Date(now);
  if (text === "now") return at;
  if (text === "today" || text === "yesterday") {
    if (text === "yesterday") at.setDate(at.getDate() - 1);
    at.setHours(0, 0, 0, 0);
    return at;
  }
  const [, count, unit = ""] = /^(\d{1,6})\s*([a-z]+)(?:\s+ago)?$/.exec(text) ?? [];
  const span = spans.find(([form]) => form.test(unit));
  if (span === undefined) return undefined;
  span[1](at, Number(count));
  return at;
}

function absolute(text: string, now: Date): Date | undefined {
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock !== null) {
    const [hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map((digits) => Number(digits || 0));
    if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
    const at = new Date(now);
    at.setHours(hours, minutes, seconds, 0);
    return at;
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  if (!isDay(text.slice(0, 10))) return undefined;
  // A day alone would be taken as one in UTC.
  return new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
}

/** Date would take a day that the month does not have for one of the next. */
function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}

/** The API takes years of four digits. */
function isStorable(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 0 && year <= 9999;
}
