/** How an interpreter is given a program on its command line, by its name without a version. */
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
 * The command that runs a script on a host, which has no copy of it: by the interpreter that its first line names, else by
 * the login's shell. undefined where that interpreter takes no program on its command line; `interpreter` says which.
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
  // The first line stays a line, so that messages name the lines of the file.
  const body = `\n${text.slice(match[0].length)}`.trimEnd();
  return { command: `${named.join(" ")} ${flag} ${quoted(body)}`, interpreter };
}

/** For a POSIX shell, and for fish and csh where there is no backslash before a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
