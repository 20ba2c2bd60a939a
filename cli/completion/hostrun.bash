# Completion of hostrun for bash; `source <(hostrun completion bash)` in ~/.bashrc.

# Keeps in $words the words of line $1 as the shell will see them, and in $quote the quote that is open at its end.
_hostrun_words() {
  local line=$1 char word="" begun=""
  local -i at
  words=() quote=""
  for ((at = 0; at < ${#line}; at++)); do
    char=${line:at:1}
    if [[ -z $quote && $char == [[:space:]] ]]; then
      [[ -z $begun ]] || words+=("$word")
      word="" begun=""
      continue
    fi
    begun=yes
    if [[ $char == "\\" && $quote != "'" ]]; then
      at+=1
      word+=${line:at:1}
    elif [[ $char == "$quote" ]]; then
      quote=""
    elif [[ -z $quote && $char == [\"\'] ]]; then
      quote=$char
    else
      word+=$char
    fi
  done
  words+=("$word")
}

_hostrun() {
  local current=${COMP_WORDS[COMP_CWORD]} quote prefix candidate
  local -a words line
  # Readline puts what is found in the place of $current, which begins behind a ":" or "=", where hostrun breaks no word.
  [[ $current == *[!:=]* ]] || current=""
  _hostrun_words "$current"
  current=${words[${#words[@]} - 1]}
  _hostrun_words "${COMP_LINE:0:COMP_POINT}"
  line=("${words[@]}")
  prefix=${line[${#line[@]} - 1]}
  prefix=${prefix%"$current"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    candidate=${candidate#"$prefix"}
    # Within quotes a name is what it is, else the shell must not take it apart.
    [[ -n $quote ]] || printf -v candidate '%q' "$candidate"
    COMPREPLY+=("$candidate")
  done < <("${COMP_WORDS[0]}" completion words -- "${line[@]:1}" 2>/dev/null)
}
complete -o nosort -F _hostrun hostrun
