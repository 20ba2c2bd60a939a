import { destinationFault } from "./destination.ts";

/** The maximum number of names that one range may expand to. */
export const maxRangeNames = 10_000;

/**
 * The names that a word with ranges such as `web[01-20,25]` expands to, in order; a word without ranges is returned as
 * it is. Undefined where brackets contain anything but ranges of numbers, or there are more than 10,000 names.
 */
export function expandRanges(word: string): string[] | undefined {
  let names = [""];
  let rest = word;
  for (;;) {
    const open = rest.indexOf("[");
    if (open === -1) return rest.includes("]") ? undefined : names.map((name) => name + rest);
    const close = rest.indexOf("]", open);
    const numbers = close === -1 ? undefined : numbersOf(rest.slice(open + 1, close));
    if (numbers === undefined || names.length * numbers.length > maxRangeNames) return undefined;
    const before = rest.slice(0, open);
    names = names.flatMap((name) => numbers.map((number) => name + before + number));
    rest = rest.slice(close + 1);
  }
}

/** A target that matches no host, with its syntax error if it has one. */
export function unknownTarget(word: string): string {
  const fault = targetFault(word);
  return fault === undefined ? word : `${word} (${fault})`;
}

/** What is wrong with the syntax of a target. */
export function targetFault(word: string): string | undefined {
  if (word === "!") return "write ! directly before what it excludes: !NAME";
  const [, sign = "", named] = /^(!?)host:(.*\D.*)$/.exec(word) ?? [];
  if (named !== undefined) return `name a host without a prefix: ${sign}${named}`;
  const names = targetsBetweenCommas(word);
  if (names !== undefined) return `separate targets with spaces: ${names.join(" ")}`;
  const isDestination = /^[^@!].*@|:\d+$/.test(word) && !/^!?(?:tag|group):/.test(word);
  return isDestination ? (destinationFault(word) ?? rangeFault(word)) : rangeFault(word);
}

/**
 * Splits a word at commas outside of brackets, which no target contains except in the name of a tag or a group;
 * undefined: it has none.
 */
export function targetsBetweenCommas(word: string): string[] | undefined {
  if (!word.includes(",") || /^!?(?:tag|group):/.test(word)) return undefined;
  const parts = word.split(/,(?![^[\]]*\])/);
  return parts.length === 1 ? undefined : parts.filter((part) => part !== "");
}

function rangeFault(word: string): string | undefined {
  const ranges = [...word.matchAll(/(?<=[[,])(\d{1,9})-(\d{1,9})(?=[\],])/g)];
  const reversed = ranges.find(([, from, to]) => Number(to) < Number(from));
  if (reversed !== undefined) return `its range ${reversed[0]} is reversed`;
  const isWhole = /^(?:[^[\]]*\[\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*\])+[^[\]]*$/.test(word);
  return isWhole && expandRanges(word) === undefined
    ? `its range is too large: ${maxRangeNames} hosts at most`
    : undefined;
}

/** Expands `01-03,7` into 01, 02, 03, 7. */
function numbersOf(ranges: string): string[] | undefined {
  const numbers: string[] = [];
  for (const range of ranges.split(",")) {
    const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range) ?? [];
    if (from === undefined || to === undefined) return undefined;
    const width = isPadded(from) ? from.length : 0;
    const [first, last] = [Number(from), Number(to)];
    if (last < first || last - first >= maxRangeNames) return undefined;
    for (let number = first; number <= last; number += 1) numbers.push(String(number).padStart(width, "0"));
    if (numbers.length > maxRangeNames) return undefined;
  }
  return numbers;
}

interface Series {
  readonly before: string;
  readonly after: string;
  /** The number of digits of a padded number; 0 where it is not padded. */
  readonly width: number;
  readonly numbers: number[];
}

/**
 * Abbreviates names as far as their numbers allow, e.g. `db1,web[01-12,15]`; `expandRanges` of each word restores
 * them.
 */
export function foldNames(names: readonly string[]): string {
  const split = [...new Set(names)].map(splitName);
  const padded = new Set(split.filter(({ digits }) => isPadded(digits)).map(keyOf));
  const words: (string | Series)[] = [];
  const series = new Map<string, Series>();
  for (const part of split) {
    const { name, before, digits, after } = part;
    const width = padded.has(keyOf(part)) ? digits.length : 0;
    const key = JSON.stringify([before, after, width]);
    const known = series.get(key);
    if (digits === "") words.push(name);
    else if (known === undefined) {
      const begun = { before, after, width, numbers: [Number(digits)] };
      series.set(key, begun);
      words.push(begun);
    } else known.numbers.push(Number(digits));
  }
  return words.map((word) => (typeof word === "string" ? word : foldSeries(word))).join(",");
}

interface NameParts {
  readonly name: string;
  readonly before: string;
  /** The last number in the name; "" where it has none. */
  readonly digits: string;
  readonly after: string;
}

function splitName(name: string): NameParts {
  const [, before = "", digits = "", after = ""] = /^([^[\]]*?)(\d{1,9})([^\d[\]]*)$/.exec(name) ?? [];
  return { name, before, digits, after };
}

function isPadded(digits: string): boolean {
  return digits.startsWith("0") && digits.length > 1;
}

function keyOf({ before, digits, after }: NameParts): string {
  return JSON.stringify([before, after, digits.length]);
}

function foldSeries({ before, after, width, numbers }: Series): string {
  const shown = (number: number): string => String(number).padStart(width, "0");
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const text = ranges
    .map(([from, to]) => (from === to ? shown(from) : `${shown(from)}-${shown(to)}`))
    .join(",");
  return numbers.length === 1 ? `${before}${text}${after}` : `${before}[${text}]${after}`;
}
