# shellcheck shell=sh disable=SC2046,SC2086
boot_id() {
  cat /proc/sys/kernel/random/boot_id 2>/dev/null
}

# True if the run whose directory is $1 has a runner. In another boot, its process id is another process'.
is_running() {
  [ "$(boot_id)" = "$(cat $1/boot)" ] && kill -0 $(cat $1/runner)
}
