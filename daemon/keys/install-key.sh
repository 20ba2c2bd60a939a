# Authorizes a public key for logins to this account, as ssh-copy-id does; harmless if repeated. $1: the key's type, $2:
# the key in base64 with "_" in place of "=", $3: its comment. Prints hostrun-key:added, present or what failed (see
# install-key.ts).
# shellcheck shell=sh
key="$1 $(printf %s "$2" | tr _ =)"
file=.ssh/authorized_keys

answer() {
  printf "\nhostrun-key:%s\n" "$1"
  exit
}

# sshd ignores files that others may write to (StrictModes).
close_to_others() {
  chmod go-w .ssh $file
}

umask 077
cd "${HOME:-/nonexistent}" || answer home
mkdir -p .ssh || answer directory
if [ -f $file ]; then
  while read -r line || [ -n "$line" ]; do
    case $line in ("#"*) continue ;; esac
    case "$line " in (*"$key "*) close_to_others && answer present ;; esac
  done <$file
  # If the last line has no newline, the key would be appended to it.
  [ -z "$(tail -c 1 $file)" ] || echo >>$file || answer file
fi
echo "$key $3" >>$file || answer file
close_to_others
command -v restorecon >/dev/null 2>&1 && restorecon -F .ssh $file >/dev/null 2>&1
answer added
