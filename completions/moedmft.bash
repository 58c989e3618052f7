# Completion of moedmft for bash: commands, options, configuration keys and their values, files.
# Everything is asked from the program itself (--help, options), so that it is never out of date.
#
# `make install` puts it where bash-completion finds it. By hand: source completions/moedmft.bash
# zsh: autoload -U compinit bashcompinit; compinit; bashcompinit; source completions/moedmft.bash

# What the help says about a command: its name, or its usage line.
_moedmft_commands() {
  "$1" --help 2>/dev/null | sed -n '/^usage:/,/^$/s/^  moedmft \([a-z]*\) .*/\1/p'
}
_moedmft_usage() {
  "$1" --help 2>/dev/null | sed -n "/^usage:/,/^\$/s/^  moedmft $2 \(.*\)  .*/\1/p"
}

# Options, without those whose help begins with other commands, as in "rules: the stream width".
_moedmft_options() {
  "$1" --help 2>/dev/null | awk -v command="$2" '
    /^options:/ { on = 1; next } /^$/ { on = 0 } !on { next }
    { text = $0; sub(/^.*--[a-z-]+ *([][A-Z=]+)? +/, "", text); mine = 1
      if (match(text, /^[a-z]+(, [a-z]+)*: /)) {
        mine = 0; n = split(substr(text, 1, RLENGTH - 2), names, ", ")
        for (i = 1; i <= n; i++) if (names[i] == command) mine = 1
      }
      if (mine) for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }'
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

# Files with one of the endings, and folders.
_moedmft_files() {
  local current=$1 ending
  shift
  compgen -d -- "$current"
  for ending in "$@"; do compgen -f -X "!*.$ending" -- "$current"; done
}

_moedmft() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local key="" value="" prefix="" command="" word="" i words
  program=${program/#\~/$HOME}
  COMPREPLY=()
  # KEY=VALUE is one word in zsh, and three where "=" is among bash's COMP_WORDBREAKS
  if [[ $current == "=" ]]; then key=$before
  elif [[ $before == "=" ]]; then key=${COMP_WORDS[COMP_CWORD-2]} value=$current
  elif [[ $current == *=* ]]; then key=${current%%=*} value=${current#*=} prefix=$key=
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do # the first word that is neither an option nor its argument
    word=${COMP_WORDS[i]}
    case $word in
    -o | -s | -t | --output | --set | --seed | --threads | --width | --format | --what | --field) i=$((i + 1)) ;;
    rate | limit | *,*) ;; # of --expect
    -* | =) ;;
    *) command=$word && break ;;
    esac
  done
  if [[ -n $key ]]; then
    case $key in
    --format) words=$'text\njson\ncsv' ;;
    --expect) words=$'rate\nlimit\nrate,limit' ;;
    -*) words="" ;;
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
  case $before in
  -s | --set)
    words=$(_moedmft_keys "$program")
    compopt -o nospace 2>/dev/null ;;
  --format) words=$'text\njson\ncsv' ;;
  --what) words=$'loss\nkernels\nspectra\nrates\nrouter\nntk\nparts' ;;
  --field) words=$'x\nh\ny\na\nr\nrho\ngamma\ndelta\ne\ntotal\nW_in\nQ\nW1\nW2\nw_out' ;;
  --expect) if [[ $current != -* && $command != coordcheck ]]; then words=$'rate\nlimit\nrate,limit'; fi ;;
  -o | --output)
    compopt -o filenames 2>/dev/null
    case $command in plot) words=$(_moedmft_files "$current" png svg pdf) ;; *) words=$(_moedmft_files "$current" h5) ;; esac ;;
  -t | --threads | --seed | --width) return ;;
  *)
    if [[ $current == -?* ]]; then words=$(_moedmft_options "$program" "$command")
    elif [[ -z $command ]]; then words=$(_moedmft_commands "$program")
    else
      compopt -o filenames 2>/dev/null
      case $(_moedmft_usage "$program" "$command") in
      FILE.h5*) words=$(_moedmft_files "$current" h5) ;;
      CONFIG*) words=$(_moedmft_files "$current" yaml yml) ;;
      *) words=$(_moedmft_options "$program" "$command") ;;
      esac
    fi ;;
  esac
  local IFS=$'\n'
  while read -r word; do
    if [[ -n $word && $word == "$current"* ]]; then COMPREPLY+=("$word"); fi
  done <<< "$words"
}

# zsh has no compopt: there no completion is followed by a space
if [[ -n ${ZSH_VERSION-} ]]; then complete -o nospace -F _moedmft moedmft; else complete -F _moedmft moedmft; fi
