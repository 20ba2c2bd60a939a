# Removes what run $1 left; exit status 0 when nothing of it is there any more. $2: the directory of all runs, where
# that is known.
# shellcheck shell=sh disable=SC2086,SC2154
answer() {
  exit 1
}

find_directory $1 $2
rm -rf $directory
