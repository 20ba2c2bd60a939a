/** The option with which an interpreter takes a program on its command line, by its name without a version. */
const flags: Readonly<Record<string, string>> = {
  sh: "-c",
  ash: "-c",
  bash: "-c",
  dash: "-c",
  fish: "-c",
  ksh: "-c",
  mksh: "-c",
  zsh: "-c",
  python: "-c",
  perl: "-e",
  ruby: "-e",
  node: "-e",
  lua: "-e",
};

/**
 * The command that runs a script on a host without a copy of it: with the interpreter named in its first line, else
 * with the login shell. Undefined if that interpreter, named in `interpreter`, takes no program on its command line.
 */
export function scriptCommand(script: string): {
  command: string | undefined;
  interpreter: string | undefined;
} {
  const text = script.replaceAll("\r\n", "\n").replace(/^\ufeff/, "");
  const match = /^#![ \t]*([^\n]*)\n?/.exec(text);
  const words = match?.[1]?.trim().split(/[ \t]+/) ?? [];
  const [program = "", ...rest] = words;
  if (match === null || program === "") return { command: text.trimEnd(), interpreter: undefined };
  const isEnv = /(?:^|\/)env$/.test(program);
  const named = isEnv ? rest.filter((word) => word !== "-S") : words;
  const interpreter = named[0] ?? "";
  const name = interpreter.replace(/^.*\//, "").replace(/[\d.]+$/, "");
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) return { command: undefined, interpreter };
  // The first line is replaced by an empty one, so that line numbers in messages match the file.
  const body = `\n${text.slice(match[0].length)}`.trimEnd();
  return { command: `${named.join(" ")} ${flag} ${quoted(body)}`, interpreter };
}

/** Quotes for a POSIX shell, and for fish and csh unless a backslash precedes a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
