import type { LoginShell } from "../../transport/login-shell.ts";
import type { CommandLine } from "../command/command-line.ts";
import { shCommand } from "../command/sh-command.ts";
import answer from "./answer.sh";
import { endGroupFunction, graceTenths } from "../terminate/group-end.ts";
import findDirectory from "./find-directory.sh";
import follow from "./follow.sh";
import isRunning from "./is-running.sh";
import remove from "./remove.sh";
import runner from "./runner.sh";
import start from "./start.sh";

export interface StartInput {
  /** What the login shell is to run. */
  readonly commandLine: (shell: LoginShell, token: string) => CommandLine;
  readonly stdin: string | null;
}

/**
 * A command, and what is written to its standard input once it reports `ready`. The input stays open: its end ends the
 * session.
 */
export interface HostCommand {
  readonly command: string;
  readonly input: Buffer;
  /** How long it may take to report a status, in addition to the connection's time limit. */
  readonly busyMs: number;
}

/** For a host under load; for one that hashes long output. */
const busyMs = { start: 10_000, hash: 3_600_000 };

/** A run, and the directory of all runs on its host, if known. */
export interface RunOnHost {
  readonly id: string;
  readonly directory: string | null;
}

/** A run to look for; `isOwn` as in its plan. */
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
  const script = Buffer.from(`${isRunning}${runner}`);
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
  /** Whether the host hashes both streams once the run is over. */
  readonly hash: boolean;
}

/** Finds the run again. If it is our own and has not begun, it is prevented from ever beginning (see follow.sh). */
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

/**
 * Removes the run's files, or `keep`s them; exit status 0 when that is done. With `graceMs`, its command is first ended if
 * it is still running, as by a stop (see remove.sh).
 */
export function removeCommand(
  { id, directory }: RunOnHost,
  graceMs: number | undefined,
  files: "remove" | "keep" = "remove",
): string {
  const place = directory ?? "any";
  if (graceMs === undefined) return shCommand([findDirectory, remove].join("\n"), id, place);
  const script = [findDirectory, isRunning, endGroupFunction, remove].join("\n");
  return shCommand(script, id, place, ...graceTenths(graceMs), files);
}

function finding(script: string): string {
  return [answer, findDirectory, script].join("\n");
}

function known(directory: string | null): string[] {
  return directory === null ? [] : [directory];
}
