import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";
import { spanOf } from "../protocol/span.ts";
import { nearest } from "./nearest.ts";
import type { OptionNames } from "./option-names.ts";

/** One command, e.g. `run` or `hosts add`. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /** Whether it deals with a standard output that fails itself; otherwise that ends the process at once. */
  readonly ownsOutput?: boolean;
  /** The exit status of a failure; 1 by default. */
  readonly failedStatus?: number;
  /** What a refusal of the daemon calls the fields of its request. */
  readonly optionNames?: OptionNames;
  /** The exit status. Throws a Problem, or a UsageError for what cannot be understood. */
  run(args: readonly string[]): Promise<number>;
}

/** A command that only has commands of its own, e.g. `hosts`. Its `list` is meant where none is named. */
export interface CommandGroup {
  readonly help: string;
  /** Whether words that name none of its commands are of its `list`. */
  readonly listTakesWords?: boolean;
  readonly subcommands: Readonly<Record<string, Command>> & { readonly list: Command };
}

/** The arguments ask for `--help`. */
export class HelpRequested extends Error {
  override readonly name = "HelpRequested";
}

/** The command line cannot be understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const usageStatus = 2;

type Options = NonNullable<ParseArgsConfig["options"]>;
interface Parsed<O extends Options> {
  readonly values: ReturnType<typeof parseArgs<{ options: O; strict: true }>>["values"];
  readonly positionals: readonly string[];
}

const helpOption = { help: { type: "boolean", short: "h" } } as const;

/**
 * The options and the words between them. Throws HelpRequested for `--help` and `-h`; an option that there is not is a
 * UsageError with the nearest.
 */
export function parseOptions<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  const config = { args: [...args], options, allowPositionals: true };
  try {
    return parseArgs({ ...config, strict: true });
  } catch (error) {
    // Help is none of the options.
    if (!(error instanceof TypeError)) throw error;
    const all = { ...options, ...helpOption };
    const { tokens } = parseArgs({ ...config, options: all, strict: false, tokens: true });
    if (tokens.some((token) => token.kind === "option" && token.name === "help")) throw new HelpRequested();
    throw misused(tokens, all) ?? new UsageError(error.message.split("\n")[0] ?? "");
  }
}

type Token = { readonly kind: "positional" | "option-terminator" } | OptionToken;

interface OptionToken {
  readonly kind: "option";
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  /** Whether the value is joined to the option: `--cwd=DIR`. */
  readonly inlineValue?: boolean | undefined;
}

/** What is wrong with the first option that is not known or has not what it needs. */
function misused(tokens: readonly Token[], options: Options): UsageError | undefined {
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) return unknown("option", token.rawName, optionNames(options));
    const wrong = option.type === "string" ? wrongText(token) : wrongFlag(token);
    if (wrong !== undefined) return new UsageError(`${token.rawName} ${wrong}`);
  }
  return undefined;
}

function wrongText({ name, value, inlineValue }: OptionToken): string | undefined {
  if (value === undefined) return "needs a value.";
  // Without this it may be an option that was meant as one.
  if (inlineValue !== false || !value.startsWith("-")) return undefined;
  return `needs a value. If ${value} is meant as that: --${name}=${value}`;
}

function wrongFlag({ value }: OptionToken): string | undefined {
  return value === undefined ? undefined : "takes no value.";
}

/** Exactly these words, by name; a name that ends in "?" may be missing. */
export function takeWords<const Names extends readonly string[]>(
  words: readonly string[],
  ...names: Names
): { readonly [Index in keyof Names]: Names[Index] extends `${string}?` ? string | undefined : string };
export function takeWords(words: readonly string[], ...names: readonly string[]): readonly unknown[] {
  const missing = names.find((name, index) => words[index] === undefined && !name.endsWith("?"));
  if (missing !== undefined) throw new UsageError(`${missing} is missing.`);
  const surplus = words[names.length];
  if (surplus !== undefined) throw new UsageError(`Unexpected argument "${surplus}".`);
  return names.map((_, index) => words[index]);
}

/** One word at least. */
export function takeMany(words: readonly string[], name: string): readonly string[] {
  if (words.length === 0) throw new UsageError(`${name} is missing.`);
  return words;
}

/** Of options that contradict one another, at most one may be given; `names` without their dashes. */
export function refuseTogether(values: Readonly<Record<string, unknown>>, ...names: readonly string[]): void {
  const [one, other] = names.filter((name) => values[name] !== undefined);
  if (other !== undefined) throw new UsageError(`--${one} and --${other} cannot be used together.`);
}

/** What is said of a word that is none of `known`; `group` are the words before it that it belongs to. */
export function unknown(kind: string, word: string, known: readonly string[], group = ""): UsageError {
  const close = nearest(word, known);
  return new UsageError(
    `Unknown ${kind}: ${group}${word}.${close === undefined ? "" : ` Did you mean ${group}${close}?`}`,
  );
}

/** A span such as 500ms, 30s, 5m or 2h, in milliseconds; a bare number is seconds, as for timeout(1). */
export function parseSpan(text: string, option: string): number {
  const span = spanOf(text);
  if (span === undefined)
    throw new UsageError(`${option} is "${text}", but must be a time such as 500ms, 30s, 5m or 2h.`);
  return span;
}

const sizeUnits: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** A size such as 4096, 512K, 64M or 2GiB, in bytes; a unit is a power of 1024. */
export function parseSize(text: string, option: string): number {
  const match = /^(\d{1,15})(?:([KMGT])(?:i?B)?|B)?$/i.exec(text);
  if (match === null) throw new UsageError(`${option} is "${text}", but must be a size such as 64M or 2G.`);
  return Number(match[1]) * (sizeUnits[match[2]?.toUpperCase() ?? ""] ?? 1);
}

/** At least `min` and at most `max`, where they are given. */
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
