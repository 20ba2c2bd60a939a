# What a durable run leaves on its host as `script`, in a directory of its own (see find-directory.sh), beside
# `command`, `stdin` (until it is open), `out`, `err`; `go`, a directory that must be created to start the
# command; `never` if it was decided not to start it; `runner` and `group`, the ids of the process that waits for the
# command and of the command's process group; `boot`, the id of the boot during which they run; `said`, the shell's
# message about the command's end, if that is needed; and at the end `status`, the exit status or the signal name.
# A later daemon follows the run with this same text, so file names, modes and arguments must not change.
# shellcheck shell=sh disable=SC2034,SC2044,SC2046,SC2086
directory=${0%/*}

# $1: how to run it: exec, or command.
new_session() {
  if command -v setsid >/dev/null 2>&1; then
    $1 setsid /bin/sh $0 $2 $3
  else
    $1 perl -MPOSIX -e "POSIX::setsid(); exec @ARGV" -- /bin/sh $0 $2 $3
  fi
}
pause() {
  sleep $1 2>/dev/null || sleep 1
}
# Hashes the first $2 bytes of file $1.
hash_of() {
  head -c $2 $1 | { sha256sum || shasum -a 256 || openssl dgst -sha256 -r; } 2>/dev/null
}
# Writes $2 to file $1 atomically.
put() {
  echo $2 >$directory/$1.new && mv $directory/$1.new $directory/$1
}
signal_name() {
  kill -l $1 2>/dev/null || echo $((128 + $1))
}

# An asynchronous command would ignore SIGINT permanently; instead, the runner kills the shell that waits for it.
launch() {
  new_session command run $$ </dev/null >/dev/null 2>&1
}

# $1: the process that launched it.
run() {
  kill -TERM $1
  boot_id >$directory/boot
  put runner $$
  # A shell reports 128+N both for signal N and for an exit. awk distinguishes them: 256 or 512 more than the signal
  # number for a signal. busybox awk and old versions print 0, so this is tested first.
  awk_system="BEGIN { print system(ARGV[1]) }"
  if [ "$(awk "$awk_system" "kill -PIPE \$\$" 2>/dev/null)" = 269 ]; then
    ending=$(awk "$awk_system" "exec /bin/sh $0 session")
    [ "$ending" -gt 255 ] && ending=$(signal_name $((ending % 256)))
  else
    # For a command ended by a signal other than INT or PIPE, dash, ash and bash print a message; zsh and others do not.
    exec 2>$directory/said
    /bin/sh $0 session
    ending=$?
    [ -s $directory/said ] && [ $ending -gt 128 ] && ending=$(signal_name $((ending - 128)))
    exec 2>/dev/null
  fi
  # No result: awk was killed, so how the command ended is unknown.
  [ -z "$ending" ] || put status $ending
  sweep
}

# Removes files of other runs that are more than a week old, unless the run is still going.
sweep() {
  for other in $(find ${directory%/*} -mindepth 1 -maxdepth 1 -type d -mtime +6); do
    [ $other = $directory ] || is_running $other || rm -rf $other
  done
}

session() {
  exec <$directory/stdin >>$directory/out 2>>$directory/err
  # It may contain secrets; from now on only the command can read it.
  rm -f $directory/stdin
  new_session exec command
}

run_command() {
  put group $$
  text=$(
    cat $directory/command
    echo x
  )
  exec "$SHELL" -c "${text%x}"
}

# $1 and $2: how many bytes of stdout and stderr the caller has; $3: a token; $4: hash, or nothing. Prints the status
# line, then both streams from there on, live.
follow() {
  exec 3<&0
  tries=0
  while [ ! -f $directory/group ] && [ ! -f $directory/status ] && [ $tries -lt 250 ]; do
    tries=$((tries + 1))
    pause 0.02
  done
  runner=$(cat $directory/runner 2>/dev/null)
  state=lost
  [ -n "$runner" ] && [ "$(boot_id)" = "$(cat $directory/boot)" ] && kill -0 $runner 2>/dev/null && state=running
  [ -f $directory/status ] && state=ended
  out_bytes=$(($(wc -c <$directory/out)))
  err_bytes=$(($(wc -c <$directory/err)))
  if [ "$4" = hash ] && [ $state != running ]; then
    out_hash=$(hash_of $directory/out $out_bytes)
    err_hash=$(hash_of $directory/err $err_bytes)
  fi
  ending=$(cat $directory/status 2>/dev/null)
  group=$(cat $directory/group 2>/dev/null)
  echo "hostrun-$3:$state:$ending:$group:$out_bytes:$err_bytes:${out_hash%% *}:${err_hash%% *}:${directory%/*}:"
  echo "hostrun-$3:" >&2
  if [ $state != running ]; then
    [ $out_bytes -gt $1 ] && tail -c +$(($1 + 1)) $directory/out | head -c $((out_bytes - $1))
    [ $err_bytes -gt $2 ] && tail -c +$(($2 + 1)) $directory/err | head -c $((err_bytes - $2)) >&2
    return
  fi
  tail -c +$(($1 + 1)) -f $directory/out 2>/dev/null &
  out_tail=$!
  tail -c +$(($2 + 1)) -f $directory/err >&2 2>/dev/null &
  err_tail=$!
  exec >/dev/null 2>&1
  # Standard input ends with the session: then nobody reads the output any more.
  {
    read -r line <&3
    kill -KILL $out_tail $err_tail $$
  } &
  watcher=$!
  looks=0
  while [ ! -f $directory/status ] && kill -0 $runner; do
    if [ $looks -lt 10 ]; then
      looks=$((looks + 1))
      pause 0.02
    else
      pause 0.1
    fi
  done
  kill $out_tail $err_tail $watcher
}

case $1 in
launch)
  launch
  exit 0
  ;;
run)
  run $2
  ;;
session)
  session
  ;;
command)
  run_command
  ;;
follow)
  follow $2 $3 $4 $5
  exit 0
  ;;
esac
