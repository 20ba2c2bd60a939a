import { oneLine, shCommand } from "../command/sh-command.ts";
import endGroup from "./end-group.sh";

/**
 * The host's answer when asked to end a process group. unseen: all visible processes are gone, but the host hides those
 * of other accounts (hidepid of /proc, security.bsd.see_other_uids), of which some may be left. over: the command had ended
 * by itself, and nothing was done.
 */
export type GroupEnd = "gone" | "unseen" | "alive" | "unknown" | "over";

/** A durable run. */
export interface DurableGroup {
  /** Where the host keeps it. */
  readonly directory: string;
  /**
   * signal: what runs is ended. limit: only if the command has not ended by itself. wait: the command has ended, and its
   * process id may be another's by now, so what is left is only waited for.
   */
  readonly way: "signal" | "limit" | "wait";
}

/**
 * A command, for any login shell on a POSIX system, that ends every process group of the session of process `pid` and
 * reports the result (see end-group.sh). It does not touch a process that belongs to another connection, or to another
 * durable run than `run`; nor its own session, which it shares with the command on servers that create no sessions.
 */
export function endGroupCommand(pid: number, graceMs: number, run?: DurableGroup): string {
  const durable = run === undefined ? [] : [run.directory, run.way];
  // Not exec, which start files may have redefined; a shell does not exec a command by itself unless it is the last
  // one.
  return `${shCommand(endGroup, pid, ...graceTenths(graceMs), ...durable)}; true`;
}

/** The same as root, for a command that sudo began; sudo reads the password, if it wants one, from standard input. */
export function endGroupBySudo(pid: number, graceMs: number): string {
  // The script identifies the connection by this variable, which sudo removes.
  const bySudo =
    'command sudo -S -p "" -- env "SSH_CONNECTION=$SSH_CONNECTION" /bin/sh -c "$@" 2>/dev/null; true';
  const args = [`'${oneLine(endGroup)}'`, "hostrun", pid, ...graceTenths(graceMs)];
  return `/bin/sh -c '${bySudo}' hostrun ${args.join(" ")}; true`;
}

/** The same for a durable run, as a function of a script of which the login shell is the parent; with these arguments. */
export const endGroupFunction = `end_group() (\n${endGroup}\n)`;

/** Tenths of a second until TERM, and from then until KILL. */
export function graceTenths(graceMs: number): [number, number] {
  const tenths = Math.ceil(graceMs / 100);
  const beforeTerm = Math.ceil(tenths * 0.6);
  return [beforeTerm, tenths - beforeTerm];
}

const answers = ["gone", "unseen", "alive", "over"] as const;

export function parseGroupEnd(output: string): GroupEnd {
  const word = /hostrun-group:(\w+)/.exec(output)?.[1];
  return answers.find((answer) => answer === word) ?? "unknown";
}
