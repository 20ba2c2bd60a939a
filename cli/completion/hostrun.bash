# Completion of hostrun for bash; `source <(hostrun completion bash)` in ~/.bashrc.
_hostrun() {
  local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} word prefix candidate quoted
  local -a words=()
  # bash breaks words at ":" and "=", where hostrun does not: they are read from the line itself.
  local rest=$line
  while [[ $rest =~ ^[[:space:]]*([^[:space:]]+)(.*)$ ]]; do
    words+=("${BASH_REMATCH[1]}")
    rest=${BASH_REMATCH[2]}
  done
  [[ $line =~ [[:space:]]$ ]] && words+=("")
  word=${words[-1]}
  [[ $current == [:=] ]] && current=""
  prefix=${word%"$current"}
  quoted=""
  case $word in
    [\"\']*) quoted=yes prefix="" words[-1]=${word:1} ;;
  esac
  COMPREPLY=()
  while IFS= read -r candidate; do
    candidate=${candidate#"$prefix"}
    # Within quotes a name is what it is, else the shell must not take it apart.
    [[ -n $quoted ]] || printf -v candidate '%q' "$candidate"
    COMPREPLY+=("$candidate")
  done < <("${COMP_WORDS[0]}" completion words -- "${words[@]:1}" 2>/dev/null)
}
complete -o nosort -F _hostrun hostrun
