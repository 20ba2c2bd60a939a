#compdef hostrun
# Completion of hostrun for zsh; `source <(hostrun completion zsh)` in ~/.zshrc, behind compinit.
_hostrun() {
  local -a found
  # (Q) takes the quotes off that a word has on the line, but none that is open; compadd puts on those that a name needs.
  local last=${${(Q)words[CURRENT]}#[\"\']}
  found=("${(@f)$("${(Q)words[1]}" completion words -- "${(@Q)words[2,CURRENT-1]}" "$last" 2>/dev/null)}")
  [[ -n ${found[1]} ]] && compadd -V hostrun -- "${found[@]}"
}
compdef _hostrun hostrun
