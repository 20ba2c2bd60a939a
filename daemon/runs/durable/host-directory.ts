/** What a host says of a path is used in commands for it again. */
const plainPath = /^\/[A-Za-z0-9/._@+-]{1,1000}$/;

/** A directory that a host named; undefined where it is none that can stand in a command as it is. */
export function parseHostDirectory(text: string | undefined): string | undefined {
  return text !== undefined && plainPath.test(text) ? text : undefined;
}

/** Whether it is the second choice (see `findDirectory`). */
export function isInHome(directory: string): boolean {
  return !/^(?:\/var)?\/tmp\/hostrun-\d+$/.test(directory);
}

/**
 * Lines in sh that set `d` to the directory of a run, or call `w unsafe`; `m` is the umask as it was. `known`: the
 * directory of all runs, as an earlier session found it. Otherwise it is the one that has the run, else the first that
 * is or can be made a private one of this account: in /var/tmp it outlasts a restart and the end of the last session,
 * unlike /tmp and XDG_RUNTIME_DIR; where that name is taken, in the home.
 */
export function findDirectory(runId: string, known: string | null): string[] {
  return [
    "m=$(umask)",
    "umask 077",
    "u=$(id -u)",
    // A directory and no link to one, this account's, closed to all others.
    "isprivate() { set -- $(ls -ldn $1 2>/dev/null); case $1:$3 in (drwx------*:$u) return 0 ;; esac; return 1; }",
    ...(known === null ? choices : [`set -- ${known}`]),
    `b=; for x in $*; do [ -d $x/${runId} ] && isprivate $x && b=$x && break; done`,
    "[ $b ] || for x in $*; do mkdir $x 2>/dev/null; isprivate $x && b=$x && break; done",
    "[ $b ] || w unsafe",
    `d=$b/${runId}`,
  ];
}

const choices = [
  "b=/var/tmp",
  "[ -d $b ] && [ -w $b ] || b=/tmp",
  "set -- $b/hostrun-$u",
  // A home whose name has spaces or the like is none.
  "[ $(echo ~ | tr -d A-Za-z0-9/._@+- | wc -c) = 1 ] && [ -d ~ ] && set -- $1 ~/.hostrun",
];

/**
 * After `d` was made: gives it up for one of the same run in another of the directories, which a start before this one
 * made when it found them otherwise. Whoever comes second sees the first, so that the command never runs twice.
 */
export const yieldToOther = (runId: string): string =>
  `for x in $*; do [ $x = $b ] || { [ -d $x/${runId} ] && isprivate $x && rmdir $d && w there; }; done`;
