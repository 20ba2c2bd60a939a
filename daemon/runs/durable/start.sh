# Starts run $2, unless its directory exists already, and follows it from its first byte. Reads $3 bytes from standard
# input: of these $4 are the runner, $5 the command, and the rest the command's input. $1: a token; $6: the directory of
# all runs, if known.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
token=$1
run=$2
input_bytes=$3
runner_bytes=$4
command_bytes=$5
known=$6

# 0 if the file is gone: a follower that gave the run up has removed it.
size_of() {
  echo $(($(wc -c 2>/dev/null <$directory/$1 || echo 0)))
}
give_up() {
  mkdir $directory/go 2>/dev/null || answer never
  : >$directory/never
  rm -f $directory/in $directory/stdin
  answer full
}

command -v setsid >/dev/null 2>&1 || command -v perl >/dev/null 2>&1 || answer setsid
find_directory $run $known
mkdir $directory 2>/dev/null || { [ -d $directory ] && answer there; answer full; }
yield_to_other $run
echo "hostrun-$token:ready::::::::"
head -c $input_bytes >$directory/in
[ $(size_of in) -eq $input_bytes ] || give_up
head -c $runner_bytes $directory/in >$directory/script
tail -c +$((runner_bytes + 1)) $directory/in | head -c $command_bytes >$directory/command
tail -c +$((runner_bytes + command_bytes + 1)) $directory/in >$directory/stdin
: >$directory/out
: >$directory/err
[ $(($(size_of script) + $(size_of command) + $(size_of stdin))) -eq $input_bytes ] || give_up
rm $directory/in
mkdir $directory/go 2>/dev/null || { rm -f $directory/stdin; answer never; }
umask $mask
/bin/sh $directory/script launch
exec /bin/sh $directory/script follow 0 0 $token
