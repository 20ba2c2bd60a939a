import type { RunOptions } from "../../protocol/run.ts";

export interface CommandLineOptions extends Pick<RunOptions, "useBash" | "cwd" | "env"> {
  readonly loginShell: boolean;
}

/**
 * What is sent for the host's shell to run. Without any option that is the command itself. Working directory
 * and environment are set by lines before it, since servers take few variables over the wire (AcceptEnv).
 */
export function commandLine(command: string, options: CommandLineOptions): string {
  const exports = Object.entries(options.env).map(([name, value]) => `export ${name}=${quote(value)}`);
  const cd = options.cwd === null ? [] : [`cd ${quotePath(options.cwd)} || exit`];
  const script = [...exports, ...cd, command].join("\n");
  const login = options.loginShell ? "-l " : "";
  if (options.useBash) return `bash ${login}-c ${quote(`set +m; ${script}`)}`;
  return options.loginShell ? `"$SHELL" -l -c ${quote(script)}` : script;
}

/**
 * One word for any POSIX shell and for fish, whose single quotes, unlike POSIX's, know backslash escapes: so
 * backslashes stand outside the quotes, where both read `\\` as one.
 */
export function quote(text: string): string {
  return `'${text.replace(/['\\]/g, (character) => `'\\${character}'`)}'`;
}

/** A path as one word; a leading `~/` stays the home directory, a leading dash is no option. */
function quotePath(path: string): string {
  if (path === "~") return "~";
  if (path.startsWith("~/")) return `~/${quote(path.slice(2))}`;
  return quote(path.startsWith("-") ? `./${path}` : path);
}
