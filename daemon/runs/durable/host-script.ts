import type { CommandLine } from "../command/command-line.ts";
import type { LoginShell } from "../../transport/login-shell.ts";
import { findDirectory, yieldToOther } from "./host-directory.ts";

/**
 * What a durable run leaves on its host, in a directory of its own (see host-directory.ts): `script` (this
 * text), `command`, `stdin` (until it is open), `out`, `err`; `go`, a directory that whoever may start the command makes first; `never`
 * where it was settled that nobody does; `runner` and `group`, the ids of the process that waits for the command
 * and of the command's process group; `boot`, the boot that they are of; `said`, the shell's word of how the
 * command ended, where that is needed; and at the end `status`, the exit status or the name of the signal.
 */
const hostScript = `d=\${0%/*}
w="BEGIN { print system(ARGV[1]) }"
s() { if command -v setsid >/dev/null 2>&1; then $1 setsid /bin/sh $0 $2 $3; else $1 perl -MPOSIX -e "POSIX::setsid(); exec @ARGV" -- /bin/sh $0 $2 $3; fi; }
p() { sleep $1 2>/dev/null || sleep 1; }
b() { cat /proc/sys/kernel/random/boot_id 2>/dev/null; }
hash() { head -c $2 $1 | { sha256sum || shasum -a 256 || openssl dgst -sha256 -r; } 2>/dev/null; }
put() { echo $2 >$d/$1.new && mv $d/$1.new $d/$1; }
case $1 in
# An asynchronous command would ignore SIGINT for ever: instead, the runner ends the shell that waits for it.
launch)
  s command run $$ </dev/null >/dev/null 2>&1
  exit 0 ;;
run)
  kill -TERM $2
  b >$d/boot
  put runner $$
  # A shell has 128+N for a signal's end and for an exit alike. awk tells them apart, by 256 or 512 more than the
  # signal's number; but not that of busybox and old ones, which say 0: it is tried first.
  n() { kill -l $1 2>/dev/null || echo $((128+$1)); }
  if [ "$(awk "$w" "kill -PIPE \\$\\$" 2>/dev/null)" = 269 ]; then
    e=$(awk "$w" "exec /bin/sh $0 session")
    [ "$e" -gt 255 ] && e=$(n $((e%256)))
  else
    # Of a command that a signal ended, other than INT or PIPE, dash, ash and bash say a word: zsh and others do not.
    exec 2>$d/said
    /bin/sh $0 session
    e=$?
    [ -s $d/said ] && [ $e -gt 128 ] && e=$(n $((e-128)))
    exec 2>/dev/null
  fi
  # Without a word awk was killed: then the command's end is not known.
  [ -z "$e" ] || put status $e
  for x in $(find \${d%/*} -mindepth 1 -maxdepth 1 -type d -mtime +6); do
    [ $x = $d ] || { [ "$(b)" = "$(cat $x/boot)" ] && kill -0 $(cat $x/runner); } || rm -rf $x
  done ;;
session)
  exec <$d/stdin >>$d/out 2>>$d/err
  # It may hold secrets: from now on the command alone has it.
  rm -f $d/stdin
  s exec command ;;
command)
  put group $$
  c=$(cat $d/command; echo x)
  exec "$SHELL" -c "\${c%x}" ;;
# follow STDOUT STDERR TOKEN [hash]: says how things are, then gives both streams from these offsets on, live.
follow)
  exec 3<&0
  i=0
  while [ ! -f $d/group ] && [ ! -f $d/status ] && [ $i -lt 250 ]; do i=$((i+1)); p 0.02; done
  r=$(cat $d/runner 2>/dev/null)
  h=lost
  [ -n "$r" ] && [ "$(b)" = "$(cat $d/boot)" ] && kill -0 $r 2>/dev/null && h=running
  [ -f $d/status ] && h=ended
  o=$(($(wc -c <$d/out)))
  e=$(($(wc -c <$d/err)))
  if [ "$5" = hash ] && [ $h != running ]; then
    m=$(hash $d/out $o)
    n=$(hash $d/err $e)
  fi
  echo "hostrun-$4:$h:$(cat $d/status 2>/dev/null):$(cat $d/group 2>/dev/null):$o:$e:\${m%% *}:\${n%% *}:\${d%/*}:"
  echo "hostrun-$4:" >&2
  if [ $h != running ]; then
    [ $o -gt $2 ] && tail -c +$(($2+1)) $d/out | head -c $((o-$2))
    [ $e -gt $3 ] && tail -c +$(($3+1)) $d/err | head -c $((e-$3)) >&2
    exit 0
  fi
  tail -c +$(($2+1)) -f $d/out 2>/dev/null & x=$!
  tail -c +$(($3+1)) -f $d/err >&2 2>/dev/null & y=$!
  exec >/dev/null 2>&1
  # Standard input ends with the session: then nobody reads this any more.
  { read line <&3; kill -KILL $x $y $$; } & z=$!
  i=0
  while [ ! -f $d/status ] && kill -0 $r; do
    if [ $i -lt 10 ]; then i=$((i+1)); p 0.02; else p 0.1; fi
  done
  kill $x $y $z
  exit 0 ;;
esac
`;

/** A word on standard output that begins what a session of ours has to say, and one on standard error. */
const sayAndExit = "w() { (echo hostrun-$T:$1::::::::; echo hostrun-$T: >&2); exit 0; }";

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

/** Starts the run, unless its directory is there already, and follows it from its first byte. */
export function startCommand(
  { id, directory }: RunOnHost,
  token: string,
  start: StartInput,
  shell: LoginShell,
): HostCommand {
  const script = Buffer.from(hostScript);
  const { line: text, inputs } = start.commandLine(shell, token);
  const line = Buffer.from(text);
  const input = Buffer.concat([script, line, ...inputs, Buffer.from(start.stdin ?? "")]);
  // 0 where it is gone: a follower has removed it, who gave the run up.
  const size = (file: string): string => `$(wc -c 2>/dev/null <$d/${file} || echo 0)`;
  const giveUp = "{ mkdir $d/go 2>/dev/null || w never; : >$d/never; rm -f $d/in $d/stdin; w full; }";
  const command = posix([
    `T=${token}`,
    sayAndExit,
    "command -v setsid >/dev/null 2>&1 || command -v perl >/dev/null 2>&1 || w setsid",
    ...findDirectory(id, directory),
    "mkdir $d 2>/dev/null || { [ -d $d ] && w there; w full; }",
    yieldToOther(id),
    "echo hostrun-$T:ready::::::::",
    `head -c ${input.length} >$d/in`,
    `[ $((${size("in")})) -eq ${input.length} ] || ${giveUp}`,
    `head -c ${script.length} $d/in >$d/script`,
    `tail -c +${script.length + 1} $d/in | head -c ${line.length} >$d/command`,
    `tail -c +${script.length + line.length + 1} $d/in >$d/stdin`,
    ": >$d/out",
    ": >$d/err",
    `[ $((${size("script")}+${size("command")}+${size("stdin")})) -eq ${input.length} ] || ${giveUp}`,
    "rm $d/in",
    "mkdir $d/go 2>/dev/null || { rm -f $d/stdin; w never; }",
    "umask $m",
    "/bin/sh $d/script launch",
    `exec /bin/sh $d/script follow 0 0 ${token}`,
  ]);
  return { command, input, busyMs: busyMs.start };
}

export interface FollowFrom {
  readonly stdout: number;
  readonly stderr: number;
  /** Whether the host is to hash both streams once the run is over there. */
  readonly hash: boolean;
}

/** Finds the run again. Where it has not begun, it never will from then on. */
export function followCommand({ id, directory }: RunOnHost, token: string, from: FollowFrom): HostCommand {
  const command = posix([
    `T=${token}`,
    sayAndExit,
    ...findDirectory(id, directory),
    "mkdir $d 2>/dev/null",
    "mkdir $d/go 2>/dev/null && : >$d/never",
    "[ -f $d/never ] && { rm -f $d/in $d/stdin; w never; }",
    "[ -f $d/script ] || w gone",
    `exec /bin/sh $d/script follow ${from.stdout} ${from.stderr} ${token}${from.hash ? " hash" : ""}`,
  ]);
  return { command, input: Buffer.alloc(0), busyMs: from.hash ? busyMs.hash : busyMs.start };
}

/**
 * Whether process $p is the run's command, as a condition for `endGroupCommand`: while the process that waits for it
 * lives, its number is nobody else's. The connection tells nothing: it may be a later one.
 */
export function isCommandOf(directory: string, runId: string): string {
  const d = `${directory}/${runId}`;
  return `[ ! -f ${d}/status ] && [ $(cat ${d}/group) = $p ] && kill -0 $(cat ${d}/runner)`;
}

/** Removes what the run left; exit status 0 when nothing of it is there any more. */
export function removeCommand({ id, directory }: RunOnHost): string {
  return posix(["w() { exit 1; }", ...findDirectory(id, directory), "rm -rf $d"]);
}

/** One word for every login shell there is: no quote, newline, backslash or exclamation mark is inside. */
function posix(lines: readonly string[]): string {
  return `/bin/sh -c '${lines.join("; ")}'`;
}
