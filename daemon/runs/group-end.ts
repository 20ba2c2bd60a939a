/** What the host said after it was asked to end a process group. */
export type GroupEnd = "gone" | "alive" | "unknown";

/**
 * A command, for any login shell on a POSIX system, that ends the process group of process `pid`: INT, then TERM
 * after most of the grace time, KILL at its end; it looks ten times a second whether the group is gone, and says
 * so. It keeps its hands off a group that it is in itself, as is the case on servers that give commands none of
 * their own.
 */
export function endGroupCommand(pid: number, graceMs: number): string {
  const tenths = Math.ceil(graceMs / 100);
  const beforeTerm = Math.ceil(tenths * 0.6);
  const script = [
    `p=${pid}`,
    // Field 5 of /proc/PID/stat, behind a name that may hold anything; ps where there is no /proc.
    'g() { if [ -r /proc/$1/stat ]; then read -r l < /proc/$1/stat; set -- ${l##*) }; echo $3; else ps -o pgid= -p $1 | tr -d " "; fi; }',
    "t=$(g $p 2>/dev/null)",
    "t=${t:-$p}",
    '[ $t = "$(g $$)" ] && { echo hostrun-group:shared; exit; }',
    // A dead process that nobody has collected yet still answers to kill -0: ps knows the difference.
    'a() { kill -0 -$t 2>/dev/null || return 1; s=$(ps -A -o pgid= -o stat= 2>/dev/null); [ -z "$s" ] || echo "$s" | grep -q "^ *$t  *[^Z ]"; }',
    "w() { i=0; while a; do [ $i -ge $1 ] && return; i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; done; echo hostrun-group:gone; exit; }",
    "w 0",
    "kill -INT -$t 2>/dev/null",
    `w ${beforeTerm}`,
    "kill -TERM -$t 2>/dev/null",
    `w ${tenths - beforeTerm}`,
    "kill -KILL -$t 2>/dev/null",
    "w 20",
    "echo hostrun-group:alive",
  ];
  return `/bin/sh -c '${script.join("; ")}'`;
}

export function parseGroupEnd(output: string): GroupEnd {
  const word = /hostrun-group:(\w+)/.exec(output)?.[1];
  return word === "gone" || word === "alive" ? word : "unknown";
}
