import type { RunRequest, TerminalSize } from "../../../protocol/run.ts";
import type { LoginShell } from "../../transport/login-shell.ts";
import { type Language, languages, type Prelude, type Reading, type Setting, untraced } from "./prelude.ts";
import { portable, quote } from "./quoting.ts";

export interface CommandLineOptions extends Setting {
  readonly useBash: boolean;
  readonly loginShell: boolean;
}

/** What is sent for the host's shell to run. */
export interface CommandLine {
  readonly line: string;
  /** The part of the line before the command. */
  readonly before: string;
  /** What the line's shells read from standard input before the command does, in order. */
  readonly inputs: readonly Buffer[];
}

/** Linux limits one argument to 131,072 bytes; the rest is for what is put before the line. */
export const maxLineBytes = 128_000;

/**
 * What is sent for the host's shell to run. Without options that is the command itself. The working directory and
 * variables are set immediately before it, in the shell's own language, so that start files cannot override them.
 */
export function commandLine(
  command: string,
  options: CommandLineOptions,
  shell: LoginShell,
  reading: Reading,
): CommandLine {
  if (shell === "none") return { line: bare(command, options), before: "", inputs: [] };
  const { text, input } = prelude(options, shell, reading);
  const inputs = input === undefined ? [] : [input];
  const start = starter(options, shell);
  if (start === undefined) {
    const login = options.loginShell ? cshLoginFiles : "";
    return { line: login + text + command, before: shell === "bourne" ? text : "", inputs };
  }
  const language = languageOf(shell);
  const handedOn = shell === "other" && !options.useBash;
  const line = handedOn ? text + start + quote(command) : start + language.quote(text + command);
  const whole = inLoginShell(line, shell);
  if (Buffer.byteLength(whole) <= maxLineBytes)
    return { line: whole, before: whole.slice(0, whole.indexOf(start) + start.length), inputs };
  const script = language.script(line, reading);
  const read = script.input === undefined ? [] : [script.input];
  return { line: inLoginShell(script.text, shell), before: "", inputs: [...read, ...inputs] };
}

/** What a Bourne shell runs for a command without Hostrun's prefix; undefined if the command needs more than that. */
export function textAlone(
  request: RunRequest,
  options: CommandLineOptions,
  reading: Reading,
): string | undefined {
  if (request.worker === "off" || request.pty || request.sudo) return undefined;
  const { line, inputs } = commandLine(request.command, options, "bourne", reading);
  return inputs.length === 0 ? line : undefined;
}

/** True if nothing is written to the command's standard input. */
export function isSilent({ stdin, stdinOpen, pty, sudo }: RunRequest): boolean {
  return stdin === null && !stdinOpen && !pty && !sudo;
}

/** The size of the terminal that the command gets; null for none. */
export function terminalOf({ pty, cols = 80, rows = 24 }: RunRequest): TerminalSize | null {
  return pty ? { cols, rows } : null;
}

type KnownShell = Exclude<LoginShell, "none">;

/** An unknown shell is started by /bin/sh, which sets the directory and variables first. */
function languageOf(shell: KnownShell): Language {
  return shell === "other" ? languages.bourne : languages[shell];
}

function prelude(options: CommandLineOptions, shell: KnownShell, reading: Reading): Prelude {
  const language = options.useBash ? languages.bourne : languageOf(shell);
  const { text, input } = language.prelude(options, reading);
  // If nothing removes it from the output, it must not be in a line that a shell may print in an error.
  return { text: text !== "" && reading.from === "there" ? `${text}\n` : text, input };
}

/** What runs the command, which follows as one word; undefined if the login shell does. */
function starter({ useBash, loginShell }: CommandLineOptions, shell: KnownShell): string | undefined {
  const login = loginShell ? "-l " : "";
  const exec = shell === "other" ? "exec " : "";
  if (useBash) return `${exec}${shell === "bourne" ? "\\" : ""}bash ${login}+m -c `;
  if (shell === "other" || (loginShell && shell !== "csh")) return `${exec}"$SHELL" ${login}-c `;
  return undefined;
}

function inLoginShell(line: string, shell: KnownShell): string {
  if (shell === "other") return `exec ${portable(line)}`;
  return shell === "bourne" ? untraced + line : line;
}

/** For a login that could not be asked, which may be no shell at all. Variables are sent by other means. */
function bare(command: string, { useBash, loginShell, cwd }: CommandLineOptions): string {
  const directory = cwd === null ? "" : `cd ${quote(cwd.startsWith("-") ? `./${cwd}` : cwd)} || exec false\n`;
  const script = directory + command;
  const login = loginShell ? "-l " : "";
  if (useBash) return `bash ${login}-c ${quote(`set +m; ${script}`)}`;
  return loginShell ? `"$SHELL" -l -c ${quote(script)}` : script;
}

/**
 * csh accepts `-l` only as its sole argument: these are the files that a login shell would read, after its other ones.
 */
const cshLoginFiles = ["/etc/csh.login", "~/.login"]
  .map((file) => `if ( -r ${file} ) source ${file}\n`)
  .join("");
