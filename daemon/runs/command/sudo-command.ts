import type { LoginShell } from "../../transport/login-shell.ts";
import { type CommandLine, type CommandLineOptions, commandLine, maxLineBytes } from "./command-line.ts";
import { languages, type Reading } from "./prelude.ts";
import { portable, quote } from "./quoting.ts";

/**
 * The command as root: sudo asks by a line that only Hostrun knows (`%p`: whose password) and reads the answer, and not
 * a byte more, from standard input. What it starts first says that it has: what has not been begun so has not run. Directory
 * and variables are set by root's shell, since sudo hands on neither what it does not know nor a way into /root.
 */
export function sudoCommandLine(
  command: string,
  options: CommandLineOptions,
  shell: Exclude<LoginShell, "none">,
  reading: Reading,
): CommandLine {
  const own = commandLine(command, options, "bourne", reading);
  const whole = bySudo(own.line, shell, reading.token);
  if (Buffer.byteLength(whole) <= maxLineBytes) return { line: whole, before: "", inputs: own.inputs };
  const script = languages.bourne.script(own.line, reading);
  const read = script.input === undefined ? [] : [script.input];
  return { line: bySudo(script.text, shell, reading.token), before: "", inputs: [...read, ...own.inputs] };
}

/** The login shell runs the command as ever where it is of the Bourne family, and /bin/sh where it is another one. */
function bySudo(line: string, shell: LoginShell, token: string): string {
  const program = shell === "bourne" ? '"${SHELL:-/bin/sh}"' : "/bin/sh";
  const begin = `'echo hostrun-${token}:began: >&2;exec "$0" -c "$1"'`;
  const prompt = `'hostrun-${token}:sudo:%p:\n'`;
  // sudo knows who was here before by the parent process: without a shell between, that is the connection's, and one run
  // that waits for its password has all others of the login wait.
  const text = `command sudo -S -p ${prompt} -- /bin/sh -c ${begin} ${program} ${quote(line)};exit`;
  return shell === "bourne" ? text : `exec ${portable(text)}`;
}
