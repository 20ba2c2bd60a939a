import type { LoginShell } from "../../transport/login-shell.ts";
import { type CommandLine, type CommandLineOptions, commandLine, maxLineBytes } from "./command-line.ts";
import { languages, type Reading } from "./prelude.ts";
import { portable, quote } from "./quoting.ts";

/**
 * Runs the command as root. sudo prompts with a line that only Hostrun knows (`%p`: whose password) and reads the
 * answer, and not a byte more, from standard input. The first thing it starts reports that the command has begun:
 * without that report, the command has not run. Root's shell sets the directory and variables, since sudo passes on
 * neither unknown variables nor a way into /root.
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

/** A Bourne-family login shell runs the command as usual; for any other, /bin/sh does. */
function bySudo(line: string, shell: LoginShell, token: string): string {
  const program = shell === "bourne" ? '"${SHELL:-/bin/sh}"' : "/bin/sh";
  const begin = `'echo hostrun-${token}:began: >&2;exec "$0" -c "$1"'`;
  const prompt = `'hostrun-${token}:sudo:%p:\n'`;
  // sudo remembers authentication by the parent process. Without a shell in between, that is the connection's process,
  // and a run waiting for its password would block all other runs of the login.
  const text = `command sudo -S -p ${prompt} -- /bin/sh -c ${begin} ${program} ${quote(line)};exit`;
  return shell === "bourne" ? text : `exec ${portable(text)}`;
}
