# Sets $directory to that of run $1, or answers `unsafe`; $mask is the original umask. $2: the directory of all runs, if
# an earlier session found it. Otherwise it is the one that has the run, or else the first that exists or can be created
# as a private directory of this account: in /var/tmp it survives a reboot and the end of the last session, unlike in
# /tmp and XDG_RUNTIME_DIR; if that name is taken, in the home directory.
# shellcheck shell=sh disable=SC2034,SC2046,SC2086
mask=$(umask)
umask 077
user=$(id -u)

# True if $1 is a directory (not a link to one) of this account, with no access for others.
is_private() {
  set -- $(ls -ldn $1 2>/dev/null)
  case $1:$3 in (drwx------*:$user) return 0 ;; esac
  return 1
}

# Sets $places to all possible directories, separated by spaces.
find_places() {
  temporary=/var/tmp
  [ -d $temporary ] && [ -w $temporary ] || temporary=/tmp
  places=$temporary/hostrun-$user
  # A home directory whose path contains spaces or other special characters is not used.
  home=~
  [ $(echo "$home" | tr -d A-Za-z0-9/._@+- | wc -c) = 1 ] && [ -d $home ] && places="$places $home/.hostrun"
}

find_directory() {
  if [ -n "$2" ]; then places=$2; else find_places; fi
  base=
  for place in $places; do
    [ -d $place/$1 ] && is_private $place && base=$place && break
  done
  [ -n "$base" ] || for place in $places; do
    mkdir $place 2>/dev/null
    is_private $place && base=$place && break
  done
  [ -n "$base" ] || answer unsafe
  directory=$base/$1
}

# Called after $directory was created: removes it again if an earlier start created the run in another place, since the
# places were in another state then. The later start always sees the earlier one, so that the command never runs twice.
yield_to_other() {
  for place in $places; do
    [ $place = $base ] || { [ -d $place/$1 ] && is_private $place && rmdir $directory && answer there; }
  done
}
