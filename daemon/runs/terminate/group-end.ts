/**
 * What the host said after it was asked to end a process group. unseen: all that can be seen of it is gone, but the
 * host hides other accounts' processes (hidepid of /proc, security.bsd.see_other_uids), of which some may be left.
 */
export type GroupEnd = "gone" | "unseen" | "alive" | "unknown";

const ofThisConnection =
  '[ "$1" = "${c:-none}" ] || tr "\\0" "\\n" < /proc/$p/environ | grep -qxF "SSH_CONNECTION=$SSH_CONNECTION"';

/**
 * A command, for any login shell on a POSIX system, that ends every process group of the session of process `pid`
 * (tcsh, and a shell with `set -m`, put what is in the background into groups of their own): INT, then TERM after
 * most of the grace time, KILL at its end; it looks ten times a second whether all are gone, and says so. It keeps
 * its hands off a process that is not `ours` (process ids are used again), and off a session that it is in itself, as
 * is the case on servers that give commands none of their own. `ours` is a condition in sh, without single quotes, on
 * process $p and its parent $1; by default, that it is of the same connection.
 */
export function endGroupCommand(pid: number, graceMs: number, ours = ofThisConnection): string {
  const tenths = Math.ceil(graceMs / 100);
  const beforeTerm = Math.ceil(tenths * 0.6);
  const script = [
    `p=${pid}`,
    // Parent and session: fields 4 and 6 of /proc/PID/stat, behind a name that may hold anything. Elsewhere ps knows
    // them, or (BSD) only the group, which is the same for what sshd starts.
    "g() { if [ -r /proc/$1/stat ]; then read -r l < /proc/$1/stat; set -- ${l##*) }; echo $2 $4; else ps -o ppid= -o sid= -p $1 || ps -o ppid= -o pgid= -p $1; fi 2>/dev/null; }",
    "u() { echo hostrun-group:unknown; exit; }",
    `o() { { ${ours}; } 2>/dev/null; }`,
    // The login shell, which waits, and before it the server: by it is seen whether commands get sessions.
    "set -- $(g $PPID)",
    "c=$1",
    "m=$2",
    "set -- $(g $p)",
    // Its first process is over: the session has its number, if the server makes sessions at all.
    'if [ -z "$2" ]; then t=$p; [ "$m" = $PPID ] || u; else t=$2; [ "$t" != "$m" ] || u; o $1 || u; fi',
    // Group, session and state of every process. Not kill -0, but for want of all else: a dead process that nobody
    // has collected yet answers to it, and one of sudo does not.
    "q() { [ -r /proc/$$/stat ] || return; for f in /proc/[0-9]*/stat; do read -r l < $f && set -- ${l##*) } && echo $3 $4 $1; done; return 0; }",
    "l() { ps -A -o pgid= -o sid= -o stat= || q || ps -A -o pgid= -o pgid= -o stat= || { kill -0 -$t && echo $t $t R; }; }",
    // Whoever can see the first process, which is root's, can see all; root can anyway.
    'v() { [ -n "$(g 1)" ] || [ "$(id -u 2>/dev/null)" = 0 ]; }',
    'a() { o=$(l 2>/dev/null | grep "^ *[0-9][0-9]*  *$t  *[^Z ]"); [ -n "$o" ]; }',
    's() { for x in $(echo "$o" | while read -r x y; do echo $x; done | sort -u); do kill -$1 -$x; done 2>/dev/null; }',
    "w() { i=0; while a; do [ $i -lt $1 ] || return; if sleep 0.1 2>/dev/null; then i=$((i+1)); else sleep 1; i=$((i+10)); fi; done; if v; then e=gone; else e=unseen; fi; echo hostrun-group:$e; exit; }",
    "w 0",
    "s INT",
    `w ${beforeTerm}`,
    "s TERM",
    `w ${tenths - beforeTerm}`,
    "s KILL",
    "w 20",
    "echo hostrun-group:alive",
  ];
  // Not exec, which start files may have made something else; a shell does not exec by itself what is not the last.
  return `/bin/sh -c '${script.join("; ")}'; true`;
}

export function parseGroupEnd(output: string): GroupEnd {
  const word = /hostrun-group:(\w+)/.exec(output)?.[1];
  return word === "gone" || word === "unseen" || word === "alive" ? word : "unknown";
}
