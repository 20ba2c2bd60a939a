# Ends every process group of the session of process $1 (tcsh, and a shell with `set -m`, put what is in the background
# into groups of their own): INT, TERM after $2 tenths of a second, KILL after $3 more. Ten times a second it looks
# whether all are gone, and prints what came of it: hostrun-group:gone, unseen, alive or unknown (see group-end.ts).
# $4: the directory of a durable run; without it the process is one of this connection.
# shellcheck shell=sh disable=SC2046,SC2086
pid=$1
tenths_to_term=$2
tenths_to_kill=$3
run_directory=$4

answer() {
  echo "hostrun-group:$1"
  exit
}

# Prints parent and session of process $1: fields 4 and 6 of /proc/PID/stat, behind a name that may hold anything.
# Elsewhere ps knows them, or (BSD) only the group, which is the same for what sshd starts.
parent_and_session() {
  if [ -r /proc/$1/stat ]; then
    read -r stat </proc/$1/stat
    set -- ${stat##*) }
    echo $2 $4
  else
    ps -o ppid= -o sid= -p $1 || ps -o ppid= -o pgid= -p $1
  fi 2>/dev/null
}

# Whether process $pid, whose parent is $1, is the one that is meant: process ids are used again. While the process
# that waits for a durable run's command lives, its number is nobody else's; the connection may be a later one.
is_meant() {
  if [ -n "$run_directory" ]; then
    [ ! -f $run_directory/status ] && [ "$(cat $run_directory/group)" = $pid ] && kill -0 $(cat $run_directory/runner)
  else
    [ "$1" = "${server:-none}" ] || tr "\0" "\n" </proc/$pid/environ | grep -qxF "SSH_CONNECTION=$SSH_CONNECTION"
  fi 2>/dev/null
}

# Group, session and state of every process.
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
# For want of all else: a dead process that nobody has collected yet answers to it, and one of sudo does not.
from_kill() {
  kill -0 -$session && echo $session $session R
}

# Keeps in $left what lives of the session.
is_alive() {
  left=$(processes 2>/dev/null | grep "^ *[0-9][0-9]*  *$session  *[^Z ]")
  [ -n "$left" ]
}
signal_groups() {
  for group in $(echo "$left" | while read -r number rest; do echo $number; done | sort -u); do
    kill -$1 -$group
  done 2>/dev/null
}
# Whoever can see the first process, which is root's, can see all; root can anyway.
sees_all() {
  [ -n "$(parent_and_session 1)" ] || [ "$(id -u 2>/dev/null)" = 0 ]
}
# Keeps in $now tenths of a second by a clock: since the system started, which nobody sets, or by date, in whole seconds
# and without the first digits, which are too much for arithmetic of 32 bits.
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
# Returns after $1 tenths of a second with something alive, or answers. A round takes what looking takes, too; where the
# clock cannot be trusted, it is known to take as long as it sleeps.
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
    # More, or less than nothing: it was set.
    [ $step -lt 0 ] || [ $step -gt 100 ] || elapsed=$((elapsed + step))
  done
  if sees_all; then answer gone; else answer unseen; fi
}

# The login shell, which waits, and before it the server: by it is seen whether commands get sessions.
set -- $(parent_and_session $PPID)
server=$1
own_session=$2
set -- $(parent_and_session $pid)
if [ -z "$2" ]; then
  # Its first process is over: the session has its number, if the server makes sessions at all.
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
