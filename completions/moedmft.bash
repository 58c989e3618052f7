# Completion of moedmft for bash: commands, options, configuration keys and their values, files.
# Everything is asked from the program itself (--help, options), so that it is never out of date.
#
# `make install` puts it where bash-completion finds it. By hand: source completions/moedmft.bash
# zsh: autoload -U compinit bashcompinit; compinit; bashcompinit; source completions/moedmft.bash

# Names of the commands.
_moedmft_commands() {
  "$1" --help 2>/dev/null | sed -n '/^usage:/,/^$/s/^  moedmft \([a-z]*\) .*/\1/p'
}

# What stands after a command in its usage line.
_moedmft_usage() {
  "$1" "$2" --help 2>/dev/null | sed -n "/^usage:/,/^\$/s/^  moedmft $2 \(.*\)/\1/p"
}

# Options of the command $2 (none: of all), one a line, each followed by its argument if it has one: "-o FILE", "--output FILE".
_moedmft_options() {
  "$1" ${2:+"$2"} --help 2>/dev/null | awk '
    /^options:/ { on = 1; next } /^$/ { on = 0 }
    on && /^  (-[A-Za-z],|   ) --/ {
      letter = substr($0, 3, 2); text = substr($0, 7); sub(/  .*/, "", text); argument = text; sub(/^[^ ]*/, "", argument)
      if (letter != "  ") print letter argument
      print text }'
}

# The argument of option $2 among those that _moedmft_options printed.
_moedmft_argument() {
  awk -v option="$2" '$1 == option { print $2 }' <<< "$1"
}

_moedmft_keys() {
  "$1" options 2>/dev/null | sed -n 's/^\([A-Za-z][A-Za-z0-9_.]*\): .*/\1=/p'
}

# Words that a key allows; its default where it allows numbers.
_moedmft_values() {
  "$1" options 2>/dev/null | awk -v key="$2" '
    found { range = $0; sub(/^.*\[/, "", range); sub(/\]$/, "", range); n = split(range, words, "|")
            for (i = 1; i <= n; i++) if (words[i] !~ / / && words[i] != "text") { print words[i]; if (words[i] == preset) preset = "" }
            if (range ~ /integer|real/ && preset !~ /^$|\[|^\x27/) print preset
            exit }
    index($0, key ": ") == 1 { found = 1; preset = substr($0, length(key) + 3) }'
}

# Files with one of the endings a|b, and folders.
_moedmft_files() {
  local ending
  compgen -d -- "$1"
  while IFS= read -r ending; do compgen -f -X "!*.$ending" -- "$1"; done <<< "${2//|/$'\n'}"
}

# What may stand for an argument that the help writes as $1; the rest is from _moedmft.
_moedmft_words() {
  local usage
  case $1 in
  KEY=*) _moedmft_keys "$program" ;;
  FILE)
    usage=$(_moedmft_usage "$program" "$command")
    usage=${usage##*-o FILE.}
    _moedmft_files "$current" "${usage%% *}" ;;
  FIELD) printf '%s\n' x h y a r rho gamma delta e total W_in Q W1 W2 w_out ;;
  *\|*) tr -d '[]' <<< "${1//|/$'\n'}" ;;
  esac
}

# The first word of those before the cursor that is neither an option nor its argument; $1: what _moedmft_options says of all.
_moedmft_command() {
  local word argument i words
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == "=" ]]; then i=$((i + 1)) && continue; fi
    if [[ $word != -* ]]; then echo "$word" && return; fi
    argument=$(_moedmft_argument "$1" "$word")
    words=$(tr -d '[]' <<< "$argument")
    if [[ -z $argument || ${COMP_WORDS[i+1]} == "=" ]]; then continue; fi
    # a list in brackets may be missing
    if [[ $argument != "["* || ${COMP_WORDS[i+1]} =~ ^($words)(,($words))*$ ]]; then i=$((i + 1)); fi
  done
}

_moedmft() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local key="" value="" prefix="" command="" word="" argument="" options words
  program=${program/#\~/$HOME}
  COMPREPLY=()
  # KEY=VALUE is one word in zsh, and three where "=" is among bash's COMP_WORDBREAKS
  if [[ $current == "=" ]]; then key=$before
  elif [[ $before == "=" ]]; then key=${COMP_WORDS[COMP_CWORD-2]} value=$current
  elif [[ $current == *=* ]]; then key=${current%%=*} value=${current#*=} prefix=$key=
  fi
  command=$(_moedmft_command "$(_moedmft_options "$program")")
  options=$(_moedmft_options "$program" "$command")
  if [[ -n $key ]]; then
    case $key in
    -*) words=$(_moedmft_words "$(_moedmft_argument "$options" "$key")") ;;
    data.*file | data.*labels)
      words=$(compgen -f -- "$value")
      compopt -o filenames 2>/dev/null ;;
    *) words=$(_moedmft_values "$program" "$key") ;;
    esac
    while IFS= read -r word; do
      if [[ -n $word && $word == "$value"* ]]; then COMPREPLY+=("$prefix$word"); fi
    done <<< "$words"
    return
  fi
  if [[ $before == -* ]]; then argument=$(_moedmft_argument "$options" "$before"); fi
  if [[ -n $argument && ($current != -* || $argument != "["*) ]]; then
    words=$(_moedmft_words "$argument")
    case $argument in KEY=*) compopt -o nospace 2>/dev/null ;; FILE) compopt -o filenames 2>/dev/null ;; esac
  elif [[ $current == -?* ]]; then words=$(cut -d ' ' -f 1 <<< "$options")
  elif [[ -z $command ]]; then words=$(_moedmft_commands "$program")
  else
    compopt -o filenames 2>/dev/null
    case $(_moedmft_usage "$program" "$command") in
    FILE.h5*) words=$(_moedmft_files "$current" h5) ;;
    "FILE "*) words=$(_moedmft_files "$current" "csv|h5") ;;
    CONFIG*) words=$(_moedmft_files "$current" "yaml|yml") ;;
    *) words=$(cut -d ' ' -f 1 <<< "$options") ;;
    esac
  fi
  local IFS=$'\n'
  while read -r word; do
    if [[ -n $word && $word == "$current"* ]]; then COMPREPLY+=("$word"); fi
  done <<< "$words"
}

# zsh has no compopt: there no completion is followed by a space
if [[ -n ${ZSH_VERSION-} ]]; then complete -o nospace -F _moedmft moedmft; else complete -F _moedmft moedmft; fi
