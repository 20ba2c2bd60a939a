# Prints what a bash got from its start files and does not pass on by exec: options, functions, aliases, variables, and
# whether descriptor 3 is open. What every shell sets by itself is left out. No loop here can be endless, although start
# files may have redefined any of its commands.
# shellcheck shell=bash disable=SC2046,SC2086
IFS=$'\n'
for l in $(\builtin shopt -p); do
  case $l in
    *" compat"* | *login_shell | *restricted_shell) ;;
    *) \builtin echo "$l" ;;
  esac
done
\builtin declare -f
for l in $(\builtin declare -F); do
  case $l in
    "declare -f "*) ;;
    *) \builtin echo "$l" ;;
  esac
done
\builtin alias -p
for n in $(\builtin compgen -v); do
  case " $n " in
    *" BASH"* | *" hostrun_"* | *" EPOCH"* | *" OPT"* | *" HOST"* | " _ " | " n " | " l ") ;;
    " RANDOM " | " SRANDOM " | " SECONDS " | " LINENO " | " PPID " | " PWD " | " OLDPWD " | " EUID " | " UID ") ;;
    " SHELLOPTS " | " SHLVL " | " DIRSTACK " | " GROUPS " | " FUNCNAME " | " PIPESTATUS " | " COMP_WORDBREAKS ") ;;
    " HISTCMD " | " MACHTYPE " | " OSTYPE " | " PS4 " | " IFS ") ;;
    *) \builtin declare -p $n ;;
  esac
done 2>/dev/null
{ : <&3; } 2>/dev/null && \builtin echo fd3
