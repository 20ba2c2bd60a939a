import { spanOf } from "../protocol/span.ts";
import { type Options, type OptionToken, type Token, tokensOf, type Values, valuesOf } from "./arguments.ts";
import { nearest } from "./nearest.ts";
import type { OptionNames } from "./option-names.ts";

/** One command, e.g. `run` or `hosts add`. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /** Whether it handles a failing standard output itself; otherwise a failure ends the process at once. */
  readonly ownsOutput?: boolean;
  /** The exit status on failure; 1 by default. */
  readonly failedStatus?: number;
  /** The option names for the request's fields, used when the daemon rejects one. */
  readonly optionNames?: OptionNames;
  /** Returns the exit status. Throws a Problem, or a UsageError for an invalid command line. */
  run(args: readonly string[]): Promise<number>;
}

/** A command that consists of subcommands, e.g. `hosts`. Without a subcommand it means its `list`. */
export interface CommandGroup {
  readonly help: string;
  /** Whether words that are not subcommands are arguments of its `list`. */
  readonly listTakesWords?: boolean;
  readonly subcommands: Readonly<Record<string, Command>> & { readonly list: Command };
}

/** Thrown when the arguments include `--help`. */
export class HelpRequested extends Error {
  override readonly name = "HelpRequested";
}

/** The command line is invalid: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const usageStatus = 2;

interface Parsed<O extends Options> {
  readonly values: Values<O>;
  readonly positionals: readonly string[];
}

const helpOption = { help: { type: "boolean", short: "h" } } as const;

/**
 * Parses the options and the words between them. Throws HelpRequested for `--help` and `-h`; an unknown option is a
 * UsageError that suggests the nearest one.
 */
export function parseOptions<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  const all = { ...options, ...helpOption };
  const tokens = tokensOf(args, all);
  if (tokens.some((token) => token.kind === "option" && token.name === "help")) throw new HelpRequested();
  refuseMisused(tokens, all);
  const words = tokens.filter(({ kind }) => kind === "word");
  return { values: valuesOf(tokens, options), positionals: words.map(({ index }) => args[index] ?? "") };
}

/** Throws a UsageError for the first option that is unknown or lacks a value. */
function refuseMisused(tokens: readonly Token[], options: Options): void {
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknown("option", token.given, optionNames(options));
    const wrong = option.type === "string" ? wrongText(token) : wrongFlag(token);
    if (wrong !== undefined) throw new UsageError(`${token.given} ${wrong}`);
  }
}

function wrongText({ name, value, isJoined }: OptionToken): string | undefined {
  if (value === undefined) return "needs a value.";
  // Without `=` the value may be another option.
  if (isJoined || !isLikeOption(value)) return undefined;
  return `needs a value. If ${value} is meant as that: --${name}=${value}`;
}

/** `-` alone means standard input, or output. */
function isLikeOption(value: string): boolean {
  return value.length > 1 && value.startsWith("-");
}

function wrongFlag({ value }: OptionToken): string | undefined {
  return value === undefined ? undefined : "takes no value.";
}

/** Requires exactly these words, by name, none of them empty; a name that ends in "?" is optional. */
export function takeWords<const Names extends readonly string[]>(
  words: readonly string[],
  ...names: Names
): { readonly [Index in keyof Names]: Names[Index] extends `${string}?` ? string | undefined : string };
export function takeWords(words: readonly string[], ...names: readonly string[]): readonly unknown[] {
  for (const [index, name] of names.entries()) {
    const word = words[index] ?? "";
    if (word !== "" || name.endsWith("?")) continue;
    throw new UsageError(`${name} is ${index < words.length ? "empty" : "missing"}.`);
  }
  const surplus = words[names.length];
  if (surplus !== undefined) throw new UsageError(`Unexpected argument "${surplus}".`);
  return names.map((_, index) => words[index]);
}

/** Requires at least one word. */
export function takeMany(words: readonly string[], name: string): readonly string[] {
  if (words.length === 0) throw new UsageError(`${name} is missing.`);
  return words;
}

/** Rejects options that exclude one another; `names` are without dashes. */
export function refuseTogether(values: Readonly<Record<string, unknown>>, ...names: readonly string[]): void {
  const [one, other] = names.filter((name) => values[name] !== undefined);
  if (other !== undefined) throw new UsageError(`--${one} and --${other} cannot be used together.`);
}

/** The error for a word that is not in `known`; `group` is the command that it belongs to. */
export function unknown(kind: string, word: string, known: readonly string[], group = ""): UsageError {
  const close = nearest(word, known);
  return new UsageError(
    `Unknown ${kind}: ${group}${word}.${close === undefined ? "" : ` Did you mean ${group}${close}?`}`,
  );
}

/** Parses a duration such as 500ms, 30s, 5m or 2h into milliseconds; a bare number is seconds, as for timeout(1). */
export function parseSpan(text: string, option: string): number {
  const span = spanOf(text);
  if (span === undefined)
    throw new UsageError(`${option} is "${text}", but must be a time such as 500ms, 30s, 5m or 2h.`);
  return span;
}

const sizeUnits: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Parses a size such as 4096, 512K, 64M or 2GiB into bytes; units are powers of 1024. */
export function parseSize(text: string, option: string): number {
  const match = /^(\d{1,15})(?:([KMGT])(?:i?B)?|B)?$/i.exec(text);
  if (match === null) throw new UsageError(`${option} is "${text}", but must be a size such as 64M or 2G.`);
  return Number(match[1]) * (sizeUnits[match[2]?.toUpperCase() ?? ""] ?? 1);
}

/** Parses a whole number of at least `min` and at most `max`. */
export function parseWhole(text: string, name: string, { min = 0, max = Infinity } = {}): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (number >= min && number <= max) return number;
  const least = min === 0 ? "" : ` from ${min}`;
  const range = max === Infinity ? least : ` from ${min} to ${max}`;
  throw new UsageError(`${name} is "${text}", but must be a whole number${range}.`);
}

function optionNames(options: Options): string[] {
  return Object.entries(options).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  );
}
