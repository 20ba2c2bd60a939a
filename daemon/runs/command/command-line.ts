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
  /** What of the line stands before the command. */
  readonly before: string;
  /** What the shells that it runs read from standard input before the command does, in order. */
  readonly inputs: readonly Buffer[];
}

/** Linux takes 131,072 bytes for one argument; what is put before the line has room in the rest. */
export const maxLineBytes = 128_000;

/**
 * What is sent for the host's shell to run. Without any option that is the command itself. Working directory
 * and variables are set right before it, in the shell's own language: start files must not have the last word.
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

/** What a Bourne shell is given for a command that needs nothing else, neither input nor a terminal; undefined for others. */
export function textAlone(
  request: RunRequest,
  options: CommandLineOptions,
  reading: Reading,
): string | undefined {
  if (request.worker === "off" || !isSilent(request)) return undefined;
  const { line, inputs } = commandLine(request.command, options, "bourne", reading);
  return inputs.length === 0 ? line : undefined;
}

/** Nobody writes to a command's standard input. */
export function isSilent({ stdin, stdinOpen, pty, sudo }: RunRequest): boolean {
  return stdin === null && !stdinOpen && !pty && !sudo;
}

/** The terminal that a command is to have. */
export function terminalOf({ pty, cols = 80, rows = 24 }: RunRequest): TerminalSize | null {
  return pty ? { cols, rows } : null;
}

type Asked = Exclude<LoginShell, "none">;

/** sh begins a shell of which nothing is known, and sets what it hands on to it. */
function languageOf(shell: Asked): Language {
  return shell === "other" ? languages.bourne : languages[shell];
}

function prelude(options: CommandLineOptions, shell: Asked, reading: Reading): Prelude {
  const language = options.useBash ? languages.bourne : languageOf(shell);
  const { text, input } = language.prelude(options, reading);
  // Where nobody takes it out again it must not be in a line that a shell may show as wrong.
  return { text: text !== "" && reading.from === "there" ? `${text}\n` : text, input };
}

/** What runs the command, as a word after it; undefined where the login shell itself does. */
function starter({ useBash, loginShell }: CommandLineOptions, shell: Asked): string | undefined {
  const login = loginShell ? "-l " : "";
  const exec = shell === "other" ? "exec " : "";
  if (useBash) return `${exec}${shell === "bourne" ? "\\" : ""}bash ${login}+m -c `;
  if (shell === "other" || (loginShell && shell !== "csh")) return `${exec}"$SHELL" ${login}-c `;
  return undefined;
}

function inLoginShell(line: string, shell: Asked): string {
  if (shell === "other") return `exec ${portable(line)}`;
  return shell === "bourne" ? untraced + line : line;
}

/** For what could not be asked, which may be no shell at all. Variables are sent another way. */
function bare(command: string, { useBash, loginShell, cwd }: CommandLineOptions): string {
  const directory = cwd === null ? "" : `cd ${quote(cwd.startsWith("-") ? `./${cwd}` : cwd)} || exec false\n`;
  const script = directory + command;
  const login = loginShell ? "-l " : "";
  if (useBash) return `bash ${login}-c ${quote(`set +m; ${script}`)}`;
  return loginShell ? `"$SHELL" -l -c ${quote(script)}` : script;
}

/** csh takes `-l` only where nothing else is said: it reads what a login shell would read, after its other files. */
const cshLoginFiles = ["/etc/csh.login", "~/.login"]
  .map((file) => `if ( -r ${file} ) source ${file}\n`)
  .join("");
