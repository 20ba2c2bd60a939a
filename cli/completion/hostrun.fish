# Completion of hostrun for fish; `hostrun completion fish | source` in ~/.config/fish/config.fish.
function __hostrun_words
  set -l words (commandline -opc)
  # A quote that is open belongs to no name.
  set -l last (commandline -ct | string trim --left --chars='\'"')
  $words[1] completion words -- $words[2..] "$last" 2>/dev/null
end
complete -c hostrun -f -k -a '(__hostrun_words)'
