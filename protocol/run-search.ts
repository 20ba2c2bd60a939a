import type * as z from "zod";
import { parseInstant } from "./instant.ts";
import { Outcome, RunState } from "./run.ts";
import { ExitFilter, HostNames, JobFilter, type RunQuery, RunResult } from "./run-query.ts";

/** The filters that a search sends to the daemon. */
export type RunFilters = Omit<z.input<typeof RunQuery>, "previousOf" | "limit" | "cursor">;

/** A parsed search, or what is wrong with it, as a sentence. */
export type RunSearchText =
  | { readonly filters: RunFilters; readonly problem?: undefined }
  | { readonly filters?: undefined; readonly problem: string };

/** Returns the filters for a filter's value, or a sentence where the value is invalid. */
type ReadValue = (value: string, now: Date) => RunFilters | string;

const jobIds = "a job's id, or 8 or more characters of its beginning";
const times = "a time such as yesterday, 2h, 2026-01-31 or 2026-01-31T12:00:00Z";

const filters: Readonly<Record<string, ReadValue>> = {
  host: (host) => (host.length > 255 ? "must be at most 255 characters" : { host }),
  exit: (value) =>
    taken(ExitFilter, value, (exit) => ({ exit }), "an exit code such as 3, !0, >0, >=2 or <128"),
  is: (value) => taken(RunResult, value, (is) => ({ is }), oneOf(RunResult.options)),
  outcome: (value) => taken(Outcome, value, (outcome) => ({ outcome }), oneOf(Outcome.options)),
  state: (value) => taken(RunState, value, (state) => ({ state }), oneOf(RunState.options)),
  since: (value, now) => instant(value, now, (since) => ({ since })),
  until: (value, now) => instant(value, now, (until) => ({ until })),
  job: (value) => taken(JobFilter, value.toLowerCase(), (job) => ({ job }), jobIds),
  pinned: (value) => {
    if (/^(?:yes|true)$/i.test(value)) return { pinned: "true" };
    return /^(?:no|false)$/i.test(value) ? { pinned: "false" } : "must be yes or no";
  },
};

/** The filters after a `!`, which exclude runs. `host` may list several hosts. */
const negated: Readonly<Record<string, ReadValue>> = {
  host: (value) =>
    HostNames.safeParse(value).success
      ? { notHost: value }
      : "must be a name, or several with commas between",
  is: (value) => taken(RunResult, value, (notIs) => ({ notIs }), oneOf(RunResult.options)),
  outcome: (value) => taken(Outcome, value, (notOutcome) => ({ notOutcome }), oneOf(Outcome.options)),
  state: (value) => taken(RunState, value, (notState) => ({ notState }), oneOf(RunState.options)),
  job: (value) => taken(JobFilter, value.toLowerCase(), (notJob) => ({ notJob }), jobIds),
  exit: (value) => `cannot be negated; use exit:!${value}`,
  since: () => "cannot be negated; use until:",
  until: () => "cannot be negated; use since:",
  pinned: () => "cannot be negated; use pinned:yes or pinned:no",
};

/** The names of the filters, as they are typed. */
export const runFilterNames: readonly string[] = Object.keys(filters);

/** The same, with the values of those that have only a few. */
export const runFilterWords: readonly string[] = [
  "host:",
  "!host:",
  "exit:",
  "since:",
  "until:",
  "job:",
  ...RunResult.options.map((value) => `is:${value}`),
  ...Outcome.options.map((value) => `outcome:${value}`),
  ...RunState.options.map((value) => `state:${value}`),
  "pinned:yes",
  "pinned:no",
];

const maxTextLength = 1024;

/**
 * Parses a search such as `host:web1 exit:!0 since:yesterday "no space"`: named filters, which exclude runs with a `!`
 * before them (`!host:web1`, as in the targets of a job), and the rest as one text to search for in command, host,
 * output and note. A value with spaces, and text that looks like a filter, must be quoted.
 */
export function parseRunSearch(text: string, now = new Date()): RunSearchText {
  let found: RunFilters = {};
  const texts: string[] = [];
  const words = wordsOf(text);
  for (const [index, word] of words.entries()) {
    if (word.isOpen) return { problem: "A quotation mark is not closed." };
    if (word.name === undefined) {
      texts.push(word.value);
      continue;
    }
    const filter = readFilter(word, words[index - 1], now);
    if (typeof filter === "string") return { problem: filter };
    const { notHost } = filter;
    if (notHost !== undefined && found.notHost !== undefined) filter.notHost = `${found.notHost},${notHost}`;
    else if (Object.keys(filter).some((key) => key in found))
      return { problem: `${label(word)} is given more than once.` };
    found = { ...found, ...filter };
  }
  const q = texts.join(" ");
  if (q.length > maxTextLength) {
    return { problem: `The search text must be at most ${maxTextLength} characters.` };
  }
  return { filters: q === "" ? found : { ...found, q } };
}

/** The search with the filter set to this value, replacing any other; undefined removes the filter. */
export function withRunFilter(text: string, name: string, value: string | undefined): string {
  const others = wordsOf(text).filter((each) => each.name !== name);
  const quoted = value === undefined || !/[\s"]/.test(value) ? value : `"${value.replaceAll('"', "")}"`;
  return [...others.map(({ source }) => source), ...(quoted === undefined ? [] : [`${name}:${quoted}`])].join(
    " ",
  );
}

function readFilter(word: Word, before: Word | undefined, now: Date): RunFilters | string {
  const { name = "", value, isNegated, source } = word;
  if (before?.source === "!" && !isNegated) return `! excludes only what directly follows it: !${source}.`;
  const readers = isNegated ? negated : filters;
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (read === undefined) {
    const names = runFilterNames.map((known) => `${known}:`).join(", ");
    return `There is no filter ${name}:. Use one of ${names}, or put the text in quotes.`;
  }
  if (value === "") return `${label(word)} needs a value.`;
  const filter = read(value, now);
  return typeof filter === "string" ? `${label(word)} is "${value}", but ${filter}.` : filter;
}

/** A filter's name as it is typed. */
function label({ name = "", isNegated }: Word): string {
  return `${isNegated ? "!" : ""}${name}:`;
}

interface Word {
  /** As it is typed. */
  readonly source: string;
  /** The filter's name. */
  readonly name: string | undefined;
  /** Whether it has a `!` before it. */
  readonly isNegated: boolean;
  readonly value: string;
  /** Whether a closing quotation mark is missing. */
  readonly isOpen: boolean;
}

/** An optional name, and a value that may be quoted. `http://x` has no name. */
const wordForm = /(?:(!?)([A-Za-z]+):(?!\/))?(?:"([^"]*)("?)|(\S*))\s*/gy;

function wordsOf(text: string): Word[] {
  const found = [...text.trim().matchAll(wordForm)].filter(([whole]) => whole !== "");
  return found.map(([whole, sign, given, quoted, closing, plain = ""]) => {
    const source = whole.trim();
    const name = given?.toLowerCase();
    const value = quoted ?? plain;
    const isOpen = quoted !== undefined && closing === "";
    const word = { source, isNegated: sign === "!", isOpen };
    if (name === undefined) return { ...word, name, value };
    // A name without a value counts only if such a filter exists: `denied:` is text.
    const isFilter = value !== "" || Object.hasOwn(filters, name);
    return isFilter ? { ...word, name, value } : { ...word, name: undefined, value: source };
  });
}

interface Choice<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

/** Compares options without regard to case. */
function taken<T>(
  choice: Choice<T> & { readonly options?: readonly string[] },
  value: string,
  filter: (taken: T) => RunFilters,
  what: string,
): RunFilters | string {
  const alike = choice.options?.find((option) => option.toLowerCase() === value.toLowerCase());
  const parsed = choice.safeParse(alike ?? value);
  return parsed.success ? filter(parsed.data) : `must be ${what}`;
}

function instant(value: string, now: Date, filter: (at: string) => RunFilters): RunFilters | string {
  const at = parseInstant(value, now);
  return at === undefined ? `must be ${times}` : filter(at);
}

function oneOf(options: readonly string[]): string {
  return `one of ${options.join(", ")}`;
}
