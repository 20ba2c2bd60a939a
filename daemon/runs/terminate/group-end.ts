import { oneLine, shCommand } from "../command/sh-command.ts";
import endGroup from "./end-group.sh";

/**
 * What the host said after it was asked to end a process group. unseen: all that can be seen of it is gone, but the
 * host hides other accounts' processes (hidepid of /proc, security.bsd.see_other_uids), of which some may be left.
 */
export type GroupEnd = "gone" | "unseen" | "alive" | "unknown";

/**
 * A command, for any login shell on a POSIX system, that ends every process group of the session of process `pid` and
 * says what came of it (see end-group.sh). It keeps its hands off a process that is not of the same connection, or of
 * the durable run in `runDirectory`, and off a session that it is in itself, as is the case on servers that give
 * commands none of their own.
 */
export function endGroupCommand(pid: number, graceMs: number, runDirectory?: string): string {
  const directory = runDirectory === undefined ? [] : [runDirectory];
  // Not exec, which start files may have made something else; a shell does not exec by itself what is not the last.
  return `${shCommand(endGroup, pid, ...graceTenths(graceMs), ...directory)}; true`;
}

/** The same by root, of a command that sudo began; sudo reads the password, if it wants one, from standard input. */
export function endGroupBySudo(pid: number, graceMs: number): string {
  // By this variable, which sudo takes away, the script knows the connection.
  const bySudo =
    'command sudo -S -p "" -- env "SSH_CONNECTION=$SSH_CONNECTION" /bin/sh -c "$@" 2>/dev/null; true';
  const args = [`'${oneLine(endGroup)}'`, "hostrun", pid, ...graceTenths(graceMs)];
  return `/bin/sh -c '${bySudo}' hostrun ${args.join(" ")}; true`;
}

/** Tenths of a second before TERM, and from then to KILL. */
function graceTenths(graceMs: number): [number, number] {
  const tenths = Math.ceil(graceMs / 100);
  const beforeTerm = Math.ceil(tenths * 0.6);
  return [beforeTerm, tenths - beforeTerm];
}

export function parseGroupEnd(output: string): GroupEnd {
  const word = /hostrun-group:(\w+)/.exec(output)?.[1];
  return word === "gone" || word === "unseen" || word === "alive" ? word : "unknown";
}
