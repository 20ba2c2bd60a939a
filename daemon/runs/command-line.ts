import type { RunOptions } from "../../protocol/run.ts";
import type { LoginShell } from "./login-shell.ts";

export interface CommandLineOptions extends Pick<RunOptions, "useBash" | "cwd" | "env"> {
  readonly loginShell: boolean;
}

/**
 * What is sent for the host's shell to run. Without any option that is the command itself. Working directory
 * and environment are set by lines before it in the shell's own language: servers take few variables over the wire
 * (AcceptEnv), and start files must not have the last word.
 */
export function commandLine(command: string, options: CommandLineOptions, shell: LoginShell): string {
  const { useBash, loginShell, cwd, env } = options;
  if (!useBash && !loginShell && cwd === null && Object.keys(env).length === 0) return command;
  if (shell === "other") return foreign(command, options);
  const csh = shell === "csh";
  if (useBash) return bash(command, options, csh ? quoteForCsh : quote);
  if (csh) return [...(loginShell ? cshLoginFiles : []), ...cshPrelude(options), command].join("\n");
  const script = [...bournePrelude(options), command].join("\n");
  return loginShell ? `"$SHELL" -l -c ${quote(script)}` : script;
}

/**
 * One word for any POSIX shell and for fish, whose single quotes, unlike POSIX's, know backslash escapes: so
 * backslashes stand outside the quotes, where both read `\\` as one.
 */
export function quote(text: string): string {
  return `'${text.replace(/['\\]/g, (character) => `'\\${character}'`)}'`;
}

/** One word for csh and tcsh, in whose quotes an exclamation mark means history and a line's end an error. */
export function quoteForCsh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replace(/[!\n]/g, (character) => `\\${character}`)}'`;
}

/**
 * A POSIX script as a command that every shell reads the same way, whatever its language: what any of them may
 * trip over is octal.
 */
export function portable(script: string): string {
  const octal = (character: string): string => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  const text = script.replace(/(?=\p{ASCII})[\p{Cc}'"\\$`!]/gu, octal);
  // The x keeps the line ends before it.
  return `/bin/sh -c 's=$(printf %b "${text}x"); eval "\${s%x}"'`;
}

/** Nothing is known of the shell's language: sh sets what it hands on to it. */
function foreign(command: string, options: CommandLineOptions): string {
  const login = options.loginShell ? "-l " : "";
  const script = options.useBash
    ? [`exec ${bash(command, options, quote)}`]
    : [...bournePrelude(options), `exec "$SHELL" ${login}-c ${quote(command)}`];
  return `exec ${portable(script.join("\n"))}`;
}

function bash(command: string, options: CommandLineOptions, quoted: (text: string) => string): string {
  const script = [...bournePrelude(options), command].join("\n");
  return `bash ${options.loginShell ? "-l " : ""}-c ${quoted(`set +m; ${script}`)}`;
}

/**
 * A login's shell may be another one by now, and must not go on without what it did not understand. `exit` does not
 * end what tcsh was given by `-c`.
 */
const orEnd = "|| exec false";

/** fish has taken over what is used here. */
function bournePrelude({ env, cwd }: CommandLineOptions): string[] {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)} ${orEnd}`);
  return cwd === null ? exports : [...exports, `cd ${pathBy(quote, cwd)} ${orEnd}`];
}

/** `chdir` is `cd` under a name that nobody makes an alias of. */
function cshPrelude({ env, cwd }: CommandLineOptions): string[] {
  const settings = Object.entries(env).map(
    ([name, value]) => `setenv ${name} ${quoteForCsh(value)} ${orEnd}`,
  );
  return cwd === null ? settings : [...settings, `chdir ${pathBy(quoteForCsh, cwd)} ${orEnd}`];
}

/** csh takes `-l` only where nothing else is said: it reads what a login shell would read, after its other files. */
const cshLoginFiles = ["/etc/csh.login", "~/.login"].map((file) => `if ( -r ${file} ) source ${file}`);

/** A path as one word; a leading `~/` stays the home directory, a leading dash is no option. */
function pathBy(quoted: (text: string) => string, path: string): string {
  if (path === "~") return "~";
  if (path.startsWith("~/")) return `~/${quoted(path.slice(2))}`;
  return quoted(path.startsWith("-") ? `./${path}` : path);
}
