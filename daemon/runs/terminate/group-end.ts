import { oneLine, shCommand } from "../command/sh-command.ts";
import endGroup from "./end-group.sh";

/**
 * The host's answer when asked to end a process group. unseen: all visible processes are gone, but the host hides those
 * of other accounts (hidepid of /proc, security.bsd.see_other_uids), of which some may be left.
 */
export type GroupEnd = "gone" | "unseen" | "alive" | "unknown";

/** A durable run: where the host keeps it, and whether its command has ended. */
export interface DurableGroup {
  readonly directory: string;
  readonly hasEnded: boolean;
}

/**
 * A command, for any login shell on a POSIX system, that ends every process group of the session of process `pid` and
 * reports the result (see end-group.sh). It does not touch a process that belongs to another connection, or to another
 * durable run than `run`; nor its own session, which it shares with the command on servers that create no sessions. Once
 * the command of `run` has ended, its process id may be another's: then what is left is only waited for.
 */
export function endGroupCommand(pid: number, graceMs: number, run?: DurableGroup): string {
  const durable = run === undefined ? [] : [run.directory, run.hasEnded ? "wait" : "signal"];
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

/** Tenths of a second until TERM, and from then until KILL. */
function graceTenths(graceMs: number): [number, number] {
  const tenths = Math.ceil(graceMs / 100);
  const beforeTerm = Math.ceil(tenths * 0.6);
  return [beforeTerm, tenths - beforeTerm];
}

export function parseGroupEnd(output: string): GroupEnd {
  const word = /hostrun-group:(\w+)/.exec(output)?.[1];
  return word === "gone" || word === "unseen" || word === "alive" ? word : "unknown";
}
