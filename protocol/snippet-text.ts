/**
 * The command of a snippet: `{{name}}` is replaced by an input, `{{host.name}}` by a value of the host, and `{{{{` by
 * two braces. Braces followed by anything else (`{{.Names}}`, `{{json .}}`) belong to the command itself.
 */

import { hostNameRules, maxNameLength, parseJump } from "./destination.ts";
import { type Piece, placeProblem } from "./shell-place.ts";

/** The part of an input that a template needs. */
export interface TemplateInput {
  readonly name: string;
  readonly type: "text" | "number" | "choice" | "host" | "secret";
  readonly choices?: readonly string[] | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export const hostFields = ["name", "address", "user", "port", "group"] as const;
export type TemplateHost = Readonly<Record<(typeof hostFields)[number], string>>;

/** What is wrong with a template; undefined if it is valid. */
export function templateProblem(command: string, inputs: readonly TemplateInput[]): string | undefined {
  const pieces = piecesOf(command, inputs);
  for (const { name } of placesOf(pieces)) {
    if (!isKnown(name, inputs)) {
      return `has {{${name}}}, which is not one of its inputs; to write that text itself, use {{{{${name}}}`;
    }
  }
  const found = placeProblem(pieces);
  return found === undefined
    ? undefined
    : `has ${found.source} ${found.where}, where a value is not one word for certain. It is quoted by itself: write it as an argument of a command, outside of quotes, alone or joined to plain text, e.g. --name=${found.source}`;
}

/** The inputs that a template does not use. */
export function unusedInputs(command: string, inputs: readonly TemplateInput[]): readonly string[] {
  const used = new Set(placesOf(piecesOf(command, inputs)).map(({ name }) => name));
  return inputs.map(({ name }) => name).filter((name) => !used.has(name));
}

/** Whether it contains values of the host, and so differs on each. */
export function usesHost(command: string): boolean {
  return placesOf(piecesOf(command, [])).some(({ name }) => name.startsWith("host."));
}

/** What is wrong with a value; undefined if it is valid. */
export function valueProblem(input: TemplateInput, value: string): string | undefined {
  const { type, choices = [] } = input;
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value.replaceAll("\t", "")))
    return "must be one line without control characters";
  if (type === "choice" && !choices.includes(value)) return `must be one of: ${choices.join(", ")}`;
  if (type === "host" && !isDestination(value)) return "must be the name of a host, or [user@]host[:port]";
  return type === "number" ? numberProblem(input, value) : undefined;
}

function numberProblem({ min, max }: TemplateInput, value: string): string | undefined {
  if (!/^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)) return "must be a number such as 5 or 0.5";
  if (min !== undefined && Number(value) < min) return `must be at least ${min}`;
  return max !== undefined && Number(value) > max ? `must be at most ${max}` : undefined;
}

/** Also accepts a host that does not exist yet, but could have this name. */
function isDestination(value: string): boolean {
  const isName =
    value !== "" && value.length <= maxNameLength && hostNameRules.every(({ holds }) => holds(value));
  return isName || parseJump(value) !== undefined;
}

/** The environment variable that a secret is read from. */
export const secretVariable = (name: string): string => `HOSTRUN_INPUT_${name}`;

/**
 * The expanded command; every value, however hostile, is exactly one word of it in shells of the Bourne family, fish
 * and csh. Throws on missing values and unknown hosts; templates and values must have been checked before.
 */
export function expandTemplate(
  command: string,
  inputs: readonly TemplateInput[],
  {
    values,
    host,
  }: { readonly values: Readonly<Record<string, string>>; readonly host: TemplateHost | undefined },
): string {
  const valueOf = (name: string): string => {
    const field = hostFields.find((each) => name === `host.${each}`);
    if (field !== undefined && host !== undefined) return quoteWord(host[field]);
    const input = inputs.find((each) => each.name === name);
    if (input?.type === "secret") return `"$${secretVariable(name)}"`;
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (input === undefined || value === undefined) throw new Error(`There is no value for {{${name}}}.`);
    return quoteWord(value);
  };
  return piecesOf(command, inputs)
    .map((piece) => ("text" in piece ? piece.text : valueOf(piece.name)))
    .join("");
}

/**
 * Quotes a word so that every shell parses it alike. It is always quoted: a bare word may be a keyword, a bare number
 * a file descriptor. `'`, and `\\` and `!`, which some shells interpret even in quotes, are escaped with a backslash.
 */
function quoteWord(value: string): string {
  return value === ""
    ? "''"
    : value.replace(/[^'\\!]+|['\\!]/g, (part) => (/^['\\!]$/.test(part) ? `\\${part}` : `'${part}'`));
}

function isKnown(name: string, inputs: readonly TemplateInput[]): boolean {
  return hostFields.some((field) => name === `host.${field}`) || inputs.some((input) => input.name === name);
}

const placeholder = /\{\{\{\{|\{\{[ \t]*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)[ \t]*\}\}/g;

/** Splits a command into text, with four braces replaced by two, and the places of values. */
function piecesOf(command: string, inputs: readonly TemplateInput[]): Piece[] {
  const pieces: Piece[] = [];
  let text = "";
  let from = 0;
  for (const match of command.matchAll(placeholder)) {
    const [source, name] = match;
    text += command.slice(from, match.index);
    from = match.index + source.length;
    if (name === undefined) {
      text += "{{";
      continue;
    }
    const isNumber = inputs.some((input) => input.name === name && input.type === "number");
    pieces.push({ text }, { name, source, isNumber });
    text = "";
  }
  return [...pieces, { text: text + command.slice(from) }];
}

function placesOf(pieces: readonly Piece[]): readonly Exclude<Piece, { text: string }>[] {
  return pieces.filter((piece) => "name" in piece);
}
