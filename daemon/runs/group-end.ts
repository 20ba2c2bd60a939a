/** What the host said after it was asked to end a process group. */
export type GroupEnd = "gone" | "alive" | "unknown";

/**
 * A command, for any login shell on a POSIX system, that ends the process group of process `pid`: INT, then TERM
 * after most of the grace time, KILL at its end; it looks ten times a second whether the group is gone, and says
 * so. It keeps its hands off a process that is not of the same connection (process ids are used again), and off a
 * group that it is in itself, as is the case on servers that give commands none of their own.
 */
export function endGroupCommand(pid: number, graceMs: number): string {
  const tenths = Math.ceil(graceMs / 100);
  const beforeTerm = Math.ceil(tenths * 0.6);
  const script = [
    `p=${pid}`,
    // Parent and group: fields 4 and 5 of /proc/PID/stat, behind a name that may hold anything; ps elsewhere.
    "g() { if [ -r /proc/$1/stat ]; then read -r l < /proc/$1/stat; set -- ${l##*) }; echo $2 $3; else ps -o ppid= -o pgid= -p $1; fi; }",
    "u() { echo hostrun-group:unknown; exit; }",
    'c() { tr "\\0" "\\n" < /proc/$p/environ | grep -qxF "SSH_CONNECTION=$SSH_CONNECTION"; }',
    "set -- $(g $$)",
    "m=$2",
    "set -- $(g $p 2>/dev/null)",
    // Its first process is over: the group has its number, if the server makes groups at all.
    'if [ -z "$2" ]; then t=$p; [ "$m" = $$ ] || u; else t=$2; [ "$t" != "$m" ] || u; [ "$1" = $PPID ] || c 2>/dev/null || u; fi',
    // Not kill -0: a dead process that nobody has collected yet answers to it, and one of sudo does not.
    "l() { ps -A -o pgid= -o stat= || for f in /proc/[0-9]*/stat; do read -r l < $f && set -- ${l##*) } && echo $3 $1; done; }",
    "s() { kill -$1 -$t 2>/dev/null; }",
    'a() { o=$(l 2>/dev/null); if [ -n "$o" ]; then echo "$o" | grep -q "^ *$t  *[^Z ]"; else s 0; fi; }',
    "w() { i=0; while a; do [ $i -lt $1 ] || return; if sleep 0.1 2>/dev/null; then i=$((i+1)); else sleep 1; i=$((i+10)); fi; done; echo hostrun-group:gone; exit; }",
    "w 0",
    "s INT",
    `w ${beforeTerm}`,
    "s TERM",
    `w ${tenths - beforeTerm}`,
    "s KILL",
    "w 20",
    "echo hostrun-group:alive",
  ];
  // exec: the server's child is then this very shell, by which it is seen whether commands get groups.
  return `exec /bin/sh -c '${script.join("; ")}'`;
}

export function parseGroupEnd(output: string): GroupEnd {
  const word = /hostrun-group:(\w+)/.exec(output)?.[1];
  return word === "gone" || word === "alive" ? word : "unknown";
}
