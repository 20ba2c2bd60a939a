# Ends every process group of the session of process $1 (tcsh, and a shell with `set -m`, put background commands into
# groups of their own): INT, TERM after $2 tenths of a second, KILL after $3 more. Checks ten times a second whether all
# are gone, and prints the result: hostrun-group:gone, unseen, alive or unknown (see group-end.ts).
# $4: the directory of a durable run; without it, the process belongs to this connection. $5: the way in which its
# command is ended, with the answer `over` if nothing was done (see group-end.ts).
# shellcheck shell=sh disable=SC2046,SC2086
pid=$1
tenths_to_term=$2
tenths_to_kill=$3
run_directory=$4
way=$5

answer() {
  echo "hostrun-group:$1"
  exit
}

# Prints parent and session of process $1: fields 4 and 6 of /proc/PID/stat, after a name that may contain anything. On
# other systems ps prints them, or (BSD) only the group, which is the same for what sshd starts.
parent_and_session() {
  if [ -r /proc/$1/stat ]; then
    read -r stat </proc/$1/stat
    set -- ${stat##*) }
    echo $2 $4
  else
    ps -o ppid= -o sid= -p $1 || ps -o ppid= -o pgid= -p $1
  fi 2>/dev/null
}

# True if process $pid, whose parent is $1, is the intended one: process ids are reused. The parent of a durable run's
# command waits for it in the session of the run's runner, of which both ids may be reused if it was killed; the
# connection may be a later one.
is_meant() {
  if [ -n "$run_directory" ]; then
    [ ! -f $run_directory/status ] && [ "$(cat $run_directory/group)" = $pid ] || return
    set -- $(parent_and_session $1)
    [ "$2" = "$(cat $run_directory/runner)" ]
  else
    [ "$1" = "${server:-none}" ] || tr "\0" "\n" </proc/$pid/environ | grep -qxF "SSH_CONNECTION=$SSH_CONNECTION"
  fi 2>/dev/null
}

# Prints group, session and state of every process.
processes() {
  ps -A -o pgid= -o sid= -o stat= || from_proc || ps -A -o pgid= -o pgid= -o stat= || from_kill
}
from_proc() {
  [ -r /proc/$$/stat ] || return
  for file in /proc/[0-9]*/stat; do
    read -r stat <$file && set -- ${stat##*) } && echo $3 $4 $1
  done
  return 0
}
# The last resort: it also finds a dead process that has not been reaped, but not one that sudo started.
from_kill() {
  kill -0 -$session && echo $session $session R
}

# Sets $left to the live processes of the session.
is_alive() {
  left=$(processes 2>/dev/null | grep "^ *[0-9][0-9]*  *$session  *[^Z ]")
  [ -n "$left" ]
}
signal_groups() {
  [ "$way" != wait ] || return
  for group in $(echo "$left" | while read -r number rest; do echo $number; done | sort -u); do
    kill -$1 -$group
  done 2>/dev/null
}
# An account that can see process 1, which is root's, can see all processes; root can in any case.
sees_all() {
  [ -n "$(parent_and_session 1)" ] || [ "$(id -u 2>/dev/null)" = 0 ]
}
# Sets $now to tenths of a second: since boot, on a clock that nobody sets, or by date, in whole seconds and without the
# leading digits, which would overflow 32-bit arithmetic.
read_clock() {
  if [ -r /proc/uptime ]; then
    read -r now rest </proc/uptime
    now=${now%?}
    now=${now#0}
    now=${now%.*}${now#*.}
    early=0
  else
    now=$(date +%s 2>/dev/null)
    now=1${now#????}0
    early=10
  fi
}
# Returns after $1 tenths of a second if something is alive; otherwise answers. Checking takes time, too; if the clock
# cannot be trusted, a round is known to take at least as long as it sleeps.
await_end() {
  slept=0
  read_clock
  elapsed=$((0 - early))
  while is_alive; do
    [ $slept -lt $1 ] && [ $elapsed -le $1 ] || return
    if sleep 0.1 2>/dev/null; then
      slept=$((slept + 1))
    else
      sleep 1
      slept=$((slept + 10))
    fi
    before=$now
    read_clock
    step=$((now - before))
    # A larger or negative step means that the clock was set.
    [ $step -lt 0 ] || [ $step -gt 100 ] || elapsed=$((elapsed + step))
  done
  if sees_all; then answer gone; else answer unseen; fi
}

# Where the run is not, this is another machine of the same name.
[ -z "$run_directory" ] || [ -d $run_directory ] || answer unknown
[ "$way" != limit ] || [ ! -f $run_directory/status ] || answer over

# The login shell, which waits, and its parent, the server: they show whether commands get sessions of their own.
set -- $(parent_and_session $PPID)
server=$1
own_session=$2
set -- $(parent_and_session $pid)
if [ -z "$2" ]; then
  # Its first process has ended: the session has the process's id, if the server creates sessions at all.
  session=$pid
  [ "$own_session" = $PPID ] || answer unknown
else
  session=$2
  [ $session != "$own_session" ] || answer unknown
  is_meant $1 || answer unknown
fi
await_end 0
signal_groups INT
await_end $tenths_to_term
signal_groups TERM
await_end $tenths_to_kill
signal_groups KILL
await_end 20
answer alive
