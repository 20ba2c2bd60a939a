# Replaces a login shell (bash) that has read its start files by the worker, and refuses if they left anything that a
# fresh shell would not get from the snapshot. It only uses builtins that no function can override. The process id is
# reported first, so that a process that spins can be ended. @WORDS@ are replaced.
# shellcheck shell=bash disable=SC2016,SC2154,SC2086,SC2288
hostrun_last=$_
eval 'echo @TOKEN@:${$-}: >&2'
hostrun_traps=$(\builtin trap -p)
case $hostrun_traps$BASH_ENV:$-:$SHLVL:$#:${SSH_CLIENT:+s}:$IFS in
  ':hBc:1:0:s:'$' \t\n') ;;
  *)
    \builtin echo @TOKEN@ no
    \builtin exit
    ;;
esac
hostrun_snapshot=$(@SNAPSHOT@)
[ -x /usr/bin/perl ] && exec /usr/bin/perl -e @WORKER@ @TOKEN@ 0 @FILES@ @SHELL@ bash --rcfile /dev/fd/3 - 3<<<"$hostrun_snapshot"$'\n'"exec 3<&-; : $(\builtin printf %q "$hostrun_last")"
\builtin echo @TOKEN@ no
