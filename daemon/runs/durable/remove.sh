# Removes the files of run $1; exit status 0 when none is left. $2: the directory of all runs, or `any` if it is not known.
# With $3 and $4, times as for end_group, the command is ended first if it is still running: the run was stopped while
# the host could not be reached. $5: `keep` if the files are to stay then.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
answer() {
  exit 1
}

# Sets $group to that of the command. Its process id is not taken for the command's once the command has ended.
has_command() {
  group=$(cat $directory/group) && [ ! -f $directory/status ] && is_running $directory && kill -0 $group
}

known=${2#any}
find_directory $1 $known
if [ -n "$3" ] && has_command; then
  case $(end_group $group $3 $4 $directory limit) in (*:gone | *:unseen | *:over) ;; (*) exit 1 ;; esac
fi
[ "$5" = keep ] || rm -rf $directory
