import type { LoginShell } from "../../transport/login-shell.ts";
import type { CommandLine } from "../command/command-line.ts";
import { shCommand } from "../command/sh-command.ts";
import answer from "./answer.sh";
import findDirectory from "./find-directory.sh";
import follow from "./follow.sh";
import remove from "./remove.sh";
import runner from "./runner.sh";
import start from "./start.sh";

export interface StartInput {
  /** What the login shell is to run. */
  readonly commandLine: (shell: LoginShell, token: string) => CommandLine;
  readonly stdin: string | null;
}

/** A command, and what goes to its standard input once it says `ready`. That stays open: its end ends the session. */
export interface HostCommand {
  readonly command: string;
  readonly input: Buffer;
  /** How long it may take, beyond the time that a connection has, until it says how things are. */
  readonly busyMs: number;
}

/** A host that is under load; one that hashes long output. */
const busyMs = { start: 10_000, hash: 3_600_000 };

/** A run, and the directory of all runs on its host where that is known. */
export interface RunOnHost {
  readonly id: string;
  readonly directory: string | null;
}

/** How a run is looked for: `isOwn` as in its plan. */
export interface RunToFind extends RunOnHost {
  readonly isOwn: boolean;
}

/** Starts the run, unless its directory is there already, and follows it from its first byte (see start.sh). */
export function startCommand(
  { id, directory }: RunOnHost,
  token: string,
  { commandLine, stdin }: StartInput,
  shell: LoginShell,
): HostCommand {
  const script = Buffer.from(runner);
  const { line: text, inputs } = commandLine(shell, token);
  const line = Buffer.from(text);
  const input = Buffer.concat([script, line, ...inputs, Buffer.from(stdin ?? "")]);
  const sizes = [input.length, script.length, line.length];
  const command = shCommand(finding(start), token, id, ...sizes, ...known(directory));
  return { command, input, busyMs: busyMs.start };
}

export interface FollowFrom {
  readonly stdout: number;
  readonly stderr: number;
  /** Whether the host is to hash both streams once the run is over there. */
  readonly hash: boolean;
}

/** Finds the run again. Where it has not begun, it never will from then on, if it is our own (see follow.sh). */
export function followCommand(
  { id, directory, isOwn }: RunToFind,
  token: string,
  from: FollowFrom,
): HostCommand {
  const { stdout, stderr, hash } = from;
  const asked = [stdout, stderr, hash ? "hash" : "no", isOwn ? "own" : "other"];
  const command = shCommand(finding(follow), token, id, ...asked, ...known(directory));
  return { command, input: Buffer.alloc(0), busyMs: hash ? busyMs.hash : busyMs.start };
}

/** Removes what the run left; exit status 0 when nothing of it is there any more. */
export function removeCommand({ id, directory }: RunOnHost): string {
  return shCommand(`${findDirectory}\n${remove}`, id, ...known(directory));
}

function finding(script: string): string {
  return [answer, findDirectory, script].join("\n");
}

function known(directory: string | null): string[] {
  return directory === null ? [] : [directory];
}
