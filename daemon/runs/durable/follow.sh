# Finds run $2 again; if it has not begun, it is prevented from ever beginning, unless $6 is `other`. $1: a token; $3
# and $4: how many bytes of stdout and stderr were received; $5: hash or no; $7: the directory of all runs, if known.
# shellcheck shell=sh disable=SC2086,SC2154
token=$1
run=$2
out_bytes=$3
err_bytes=$4
hash=$5
whose=$6
known=$7

find_directory $run $known
if [ $whose = own ]; then
  mkdir $directory 2>/dev/null
  mkdir $directory/go 2>/dev/null && : >$directory/never
fi
[ -f $directory/never ] && { rm -f $directory/in $directory/stdin; answer never; }
[ -f $directory/script ] || answer gone
exec /bin/sh $directory/script follow $out_bytes $err_bytes $token $hash
