/** The options of a command, by their long names. */
export type Options = Readonly<Record<string, Option>>;

interface Option {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  readonly short?: string;
}

/** The values of the options. */
export type Values<O extends Options> = { -readonly [Name in keyof O]?: ValueOf<O[Name]> };

type ValueOf<T extends Option> = T["multiple"] extends true ? OneOf<T>[] : OneOf<T>;
type OneOf<T extends Option> = T["type"] extends "string" ? string : boolean;

/** An argument, or a part of one: `-nq` is two options. `index` is the position of the argument. */
export type Token = OptionToken | { readonly kind: "word" | "end"; readonly index: number };

export interface OptionToken {
  readonly kind: "option";
  readonly index: number;
  /** The long name, even if the letter was given; for an unknown letter, the letter. */
  readonly name: string;
  /** As it was typed: `-n`, `--no-stdin`. */
  readonly given: string;
  readonly value: string | undefined;
  /** Whether the value is attached to it: `--cwd=DIR`, `-fN`. */
  readonly isJoined: boolean;
}

/**
 * Splits arguments like `parseArgs` of node:util, which takes about 2 ms to load. Accepts everything; what follows `--`
 * are words.
 */
export function tokensOf(args: readonly string[], options: Options): readonly Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      tokens.push({ kind: "end", index });
      for (let at = index + 1; at < args.length; at += 1) tokens.push({ kind: "word", index: at });
      break;
    }
    const found = arg.startsWith("--") ? [longOption(arg, index)] : lettersOf(arg, index, options);
    const last = found.at(-1);
    if (last === undefined) {
      tokens.push({ kind: "word", index });
      continue;
    }
    // Whatever follows is its value, even if it looks like an option.
    const value = takesText(last.name, options) && !last.isJoined ? args[index + 1] : undefined;
    tokens.push(...found.slice(0, -1), value === undefined ? last : { ...last, value });
    if (value !== undefined) index += 1;
  }
  return tokens;
}

/** The values of the known options. */
export function valuesOf<const O extends Options>(tokens: readonly Token[], options: O): Values<O> {
  const values: Record<string, boolean | string | (boolean | string)[]> = {};
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(options, token.name)) continue;
    const value = token.value ?? true;
    const before = Object.hasOwn(values, token.name) ? values[token.name] : undefined;
    const isMany = options[token.name]?.multiple === true;
    values[token.name] = isMany ? [...(Array.isArray(before) ? before : []), value] : value;
  }
  if (areValues(values, options)) return values;
  throw new TypeError("An option has a value of another type.");
}

function areValues<O extends Options>(values: object, options: O): values is Values<O> {
  return Object.entries(values).every(([name, value]) => {
    const { type, multiple = false } = options[name] ?? {};
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    return Array.isArray(value) === multiple && all.every((one) => typeof one === type);
  });
}

function longOption(arg: string, index: number): OptionToken {
  const equals = arg.indexOf("=", 3);
  if (equals === -1)
    return { kind: "option", index, name: arg.slice(2), given: arg, value: undefined, isJoined: false };
  const given = arg.slice(0, equals);
  return { kind: "option", index, name: given.slice(2), given, value: arg.slice(equals + 1), isJoined: true };
}

/** For `-n`, `-nq`, `-fN`, `-nfN`; none for a word. */
function lettersOf(arg: string, index: number, options: Options): readonly OptionToken[] {
  if (arg.length < 2 || !arg.startsWith("-")) return [];
  const tokens: OptionToken[] = [];
  for (let at = 1; at < arg.length; at += 1) {
    const letter = arg.charAt(at);
    const name = nameOf(letter, options);
    const rest = arg.slice(at + 1);
    const isJoined = rest !== "" && takesText(name, options);
    tokens.push({
      kind: "option",
      index,
      name,
      given: `-${letter}`,
      value: isJoined ? rest : undefined,
      isJoined,
    });
    if (isJoined) break;
  }
  return tokens;
}

function nameOf(letter: string, options: Options): string {
  return Object.keys(options).find((name) => options[name]?.short === letter) ?? letter;
}

function takesText(name: string, options: Options): boolean {
  return Object.hasOwn(options, name) && options[name]?.type === "string";
}
