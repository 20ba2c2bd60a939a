import type { NewSnippetInput } from "../../protocol/snippet.ts";
import type { SnippetInput } from "../../protocol/snippet-input.ts";
import { UsageError } from "../command.ts";

export const fieldOptions = {
  name: { type: "string" },
  description: { type: "string" },
  input: { type: "string", multiple: true },
  target: { type: "string", multiple: true },
  bash: { type: "boolean" },
  "login-shell": { type: "boolean" },
  cwd: { type: "string" },
  pty: { type: "boolean" },
  sudo: { type: "boolean" },
  durable: { type: "boolean" },
} as const;

export const fieldNames = {
  name: "NAME",
  description: "--description",
  inputs: "--input",
  targets: "--target",
  command: "COMMAND",
} as const;

export const fieldHelp = `  --description TEXT  what it is for
  --input INPUT       NAME:text, NAME:number[:MIN..MAX], NAME:choice:A,B,C, NAME:host or NAME:secret, each but
                      a secret with =DEFAULT behind it if it has one; may be repeated
  --target TARGET     where it runs where nothing else is said; may be repeated
  --bash, --login-shell, --cwd DIR, --pty, --sudo, --durable
                      as for \`hostrun run\`

In the command {{NAME}} stands for an input and {{host.name}}, {{host.address}}, {{host.user}}, {{host.port}} and
{{host.group}} for the host's own values, each as one word of a command's arguments, outside of quotes, alone or joined to plain
text. Each input must be used. {{{{ is two braces; those with anything else
behind them, such as {{.Names}}, are left alone.
`;

interface Values {
  readonly description?: string | undefined;
  readonly input?: string[] | undefined;
  readonly target?: string[] | undefined;
  readonly bash?: boolean | undefined;
  readonly "login-shell"?: boolean | undefined;
  readonly cwd?: string | undefined;
  readonly pty?: boolean | undefined;
  readonly sudo?: boolean | undefined;
  readonly durable?: boolean | undefined;
}

/** Only the fields that were given. */
export function parseFields(values: Values): Partial<NewSnippetInput> {
  const { description, input, target, bash, cwd, pty, sudo, durable } = values;
  const options = {
    ...(bash === undefined ? {} : { useBash: bash }),
    ...(values["login-shell"] === undefined ? {} : { loginShell: true }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(pty === undefined ? {} : { pty }),
    ...(sudo === undefined ? {} : { sudo }),
    ...(durable === undefined ? {} : { durable }),
  };
  return {
    ...(description === undefined ? {} : { description }),
    ...(input === undefined ? {} : { inputs: input.map(parseInput) }),
    ...(target === undefined ? {} : { targets: target }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

const types = ["text", "number", "choice", "host", "secret"] as const;

function parseInput(text: string): SnippetInput {
  const [, name = "", word, of, value] = /^([^:=]+):([a-z]+)(?::([^=]*))?(?:=(.*))?$/s.exec(text) ?? [];
  const type = types.find((each) => each === word);
  if (type === undefined)
    throw new UsageError(
      `--input is "${text}", but must be NAME:TYPE, and TYPE one of: ${types.join(", ")}.`,
    );
  if (of !== undefined && type !== "choice" && type !== "number")
    throw new UsageError(`--input is "${text}", but a ${type} has nothing behind its type except =DEFAULT.`);
  return {
    name,
    type,
    ...(type === "choice" ? { choices: parseChoices(text, of) } : {}),
    ...(type === "number" && of !== undefined ? parseRange(of) : {}),
    ...(value === undefined ? {} : { default: value }),
  };
}

function parseChoices(input: string, text = ""): string[] {
  if (text !== "") return text.split(",");
  throw new UsageError(`--input is "${input}", but a choice is NAME:choice:A,B,C, with =DEFAULT at the end.`);
}

function parseRange(text: string): { min?: number; max?: number } {
  const [, min, max] = /^(-?[\d.]*)\.\.(-?[\d.]*)$/.exec(text) ?? [];
  const isRange =
    min !== undefined && max !== undefined && ![min, max].some((each) => Number.isNaN(Number(each)));
  if (!isRange)
    throw new UsageError(`The range of a number is "${text}", but must be one such as 1..10, 1.. or ..10.`);
  return { ...(min === "" ? {} : { min: Number(min) }), ...(max === "" ? {} : { max: Number(max) }) };
}

/** The words after `--`, or undefined if there is none. */
export function splitCommand(args: readonly string[]): {
  readonly before: readonly string[];
  readonly command: string | undefined;
} {
  const end = args.indexOf("--");
  if (end === -1) return { before: args, command: undefined };
  return { before: args.slice(0, end), command: args.slice(end + 1).join(" ") };
}
