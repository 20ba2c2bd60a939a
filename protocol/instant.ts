const spans: readonly [RegExp, (at: Date, count: number) => void][] = [
  [/^s(?:ec(?:ond)?s?)?$/, (at, count) => at.setSeconds(at.getSeconds() - count)],
  [/^m(?:in(?:ute)?s?)?$/, (at, count) => at.setMinutes(at.getMinutes() - count)],
  [/^h(?:ours?)?$/, (at, count) => at.setHours(at.getHours() - count)],
  [/^d(?:ays?)?$/, (at, count) => at.setDate(at.getDate() - count)],
  [/^w(?:eeks?)?$/, (at, count) => at.setDate(at.getDate() - 7 * count)],
];

/**
 * Parses an instant as a person writes it: now, today, yesterday, "2h", "3 days ago", 12:30, 2026-01-31 or a complete
 * ISO 8601 time. Without a time zone it is local; a day means its first moment. Returns ISO 8601 in UTC, or undefined
 * when it is not a time.
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
  // Date parses a date without a time as UTC.
  return new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
}

/** Date accepts a day that the month does not have, as one of the next month. */
function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}

/** The API accepts only years of four digits. */
function isStorable(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 0 && year <= 9999;
}
