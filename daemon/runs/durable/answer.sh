# $token: this session's token.
# shellcheck shell=sh disable=SC2154

# Prints the status line that our sessions begin with, on standard output and standard error, and exits.
answer() {
  (
    echo "hostrun-$token:$1::::::::"
    echo "hostrun-$token:" >&2
  )
  exit 0
}
