# Removes the files of run $1; exit status 0 when none is left. $2: the directory of all runs, if known.
# shellcheck shell=sh disable=SC2086,SC2154
answer() {
  exit 1
}

find_directory $1 $2
rm -rf $directory
