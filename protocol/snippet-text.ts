/**
 * The command of a snippet: `{{name}}` stands for an input, `{{host.name}}` for a value of the host, and `{{{{` for two
 * braces. Braces with anything else behind them (`{{.Names}}`, `{{json .}}`) are the command's own.
 */

/** What a template needs to know of an input. */
export interface TemplateInput {
  readonly name: string;
  readonly type: "text" | "number" | "choice" | "host" | "secret";
  readonly choices?: readonly string[] | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export const hostFields = ["name", "address", "user", "port", "group"] as const;
export type TemplateHost = Readonly<Record<(typeof hostFields)[number], string>>;

interface Placeholder {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Where the shell would not read a quoted word as such; undefined: it would. */
  readonly within: string | undefined;
}

const placeholder = /\{\{[ \t]*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)[ \t]*\}\}/y;

/** What is wrong with a template; undefined: nothing. */
export function templateProblem(command: string, inputs: readonly TemplateInput[]): string | undefined {
  for (const { name, within } of placeholders(command)) {
    if (!isKnown(name, inputs)) {
      return `has {{${name}}}, which is no input of it; where just that text is meant, write {{{{${name}}}`;
    }
    if (within !== undefined) {
      return `has {{${name}}} ${within}, where a value cannot stand for sure. It is quoted by itself: put it outside, e.g. --name={{${name}}}`;
    }
  }
  return undefined;
}

/** Whether it has values of the host, and so is another command on each. */
export function usesHost(command: string): boolean {
  return placeholders(command).some(({ name }) => name.startsWith("host."));
}

/** What is wrong with a value; undefined: nothing. */
export function valueProblem(
  { type, choices = [], min, max }: TemplateInput,
  value: string,
): string | undefined {
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value.replaceAll("\t", "")))
    return "must be one line without control characters";
  if (type === "choice" && !choices.includes(value)) return `must be one of: ${choices.join(", ")}`;
  if (type !== "number") return undefined;
  if (!/^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)) return "must be a number such as 5 or 0.5";
  if (min !== undefined && Number(value) < min) return `must be at least ${min}`;
  return max !== undefined && Number(value) > max ? `must be at most ${max}` : undefined;
}

/** The variable that a secret is read from. */
export const secretVariable = (name: string): string => `HOSTRUN_INPUT_${name}`;

/**
 * The finished command; every value, however hostile, is just one word of it in shells of the Bourne family, fish and csh.
 * Values that are missing and hosts that are not known throw; templates and values were looked at before.
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
    return input.type === "number" ? value : quoteWord(value);
  };
  let text = "";
  let from = 0;
  for (const { name, start, end } of placeholders(command)) {
    text += unescaped(command.slice(from, start)) + valueOf(name);
    from = end;
  }
  return text + unescaped(command.slice(from));
}

const unescaped = (text: string): string => text.replaceAll("{{{{", "{{");

/** Read alike by every shell; in quotes where that is enough, else with a backslash before whatever may mean something. */
function quoteWord(value: string): string {
  if (/^[A-Za-z0-9_./,@:-]+$/.test(value)) return value;
  if (!/['\\!]/.test(value)) return `'${value}'`;
  return value.replace(/[^A-Za-z0-9_./,@:\u{80}-\u{10ffff}-]/gu, (character) => `\\${character}`);
}

function isKnown(name: string, inputs: readonly TemplateInput[]): boolean {
  return hostFields.some((field) => name === `host.${field}`) || inputs.some((input) => input.name === name);
}

type Context = "plain" | "single" | "double" | "comment" | "backquote" | "braces";

const contexts: Readonly<Record<Exclude<Context, "plain">, string>> = {
  single: "in quotes",
  double: "in quotes",
  comment: "in a comment",
  backquote: "in backquotes",
  braces: "in ${…}",
};

/** The placeholders of a template, and where in the shell's text each stands. */
function placeholders(command: string): Placeholder[] {
  const found: Placeholder[] = [];
  let context: Context = "plain";
  // What follows is not read alike by all shells, or not as commands are.
  let behind: string | undefined;
  for (let at = 0; at < command.length; ) {
    if (command.startsWith("{{{{", at)) {
      at += 4;
      continue;
    }
    placeholder.lastIndex = at;
    const match = placeholder.exec(command);
    if (match !== null) {
      const end = at + match[0].length;
      const within = behind ?? (context === "plain" ? placeOf(command.slice(0, at)) : contexts[context]);
      found.push({ name: match[1] ?? "", start: at, end, within });
      at = end;
      continue;
    }
    behind ??= doubtAt(context, command.slice(at, at + 200));
    const [next, length] = step(context, command, at);
    context = next;
    at += length;
  }
  return found;
}

/**
 * From where on it is not said here what is in quotes: where shells differ, or a whole shell's reading would be needed. What
 * is refused too often costs an author a line, what is taken for plain too often runs a value.
 */
function doubtAt(context: Context, text: string): string | undefined {
  if (context === "single") return text.startsWith("\\'") ? "behind \\' in quotes" : undefined;
  if (context === "braces") return /^['"`\\{$]/.test(text) ? "behind ${…} with more in it" : undefined;
  if (context === "double") {
    const isNested = text.startsWith("$(") || text.startsWith("${") || text.startsWith("`");
    return isNested && !/^\$(?:\{\w+\}|\([^()'"`\\$#{}<\n]*\))/.test(text)
      ? "behind $(…) in quotes"
      : undefined;
  }
  const found = context === "plain" ? /^(?:\$'|\$\[|<<|\(\(|\\\n(?=#))/.exec(text) : null;
  return found === null ? undefined : `behind ${found[0].replace("\n", " at a line's end")}`;
}

/** Where a quoted word is not read as one. */
function placeOf(before: string): string | undefined {
  const backslashes = /\\*$/.exec(before)?.[0].length ?? 0;
  return backslashes % 2 === 1 ? "behind a backslash" : undefined;
}

const closing: Readonly<Record<Exclude<Context, "plain">, string>> = {
  single: "'",
  double: '"',
  comment: "\n",
  backquote: "`",
  braces: "}",
};
const opening = new Map<string, Context>([
  ["'", "single"],
  ['"', "double"],
  ["`", "backquote"],
]);

/** The context behind the character at `at`, and how many characters that takes. */
function step(context: Context, command: string, at: number): readonly [Context, number] {
  const character = command.charAt(at);
  const escapes = context !== "single" && context !== "comment";
  // A placeholder behind it is told apart later.
  if (escapes && character === "\\") return [context, command.startsWith("{{", at + 1) ? 1 : 2];
  if (context !== "plain") return [character === closing[context] ? "plain" : context, 1];
  if (command.startsWith("${", at)) return ["braces", 2];
  const isWord = character !== "#" || !/(?:^|(?<!\\)(?:\\\\)*[\s;&|()])$/.test(command.slice(0, at));
  return [isWord ? (opening.get(character) ?? "plain") : "comment", 1];
}
