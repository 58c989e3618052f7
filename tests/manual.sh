#!/bin/sh
# The manual page knows every command, option and exit status of `moedmft --help`, and in its synopsis the options of every command as
# `moedmft COMMAND --help` lists them; it is well formed. Usage: manual.sh PROGRAM
set -eu
program=$1
page=$(cd "$(dirname "$0")/.." && pwd)/docs/moedmft.1
failed=0
fail() { echo "  Manual: $*" >&2; failed=$((failed + 1)); }

# Options of a help text, one a line, by name, or with -s by their letter if they have one
options_of() { sed -nE '/^options:/,/^$/s/^  (-[A-Za-z]|  ),? +--([a-z-]+).*/\1 --\2/p' | awk -v short="${1:-}" '{print (short && NF == 2) ? $1 : $NF}'; }
# Options of a command in the synopsis
synopsis_of() {
  awk -v command="$1" '/^\.Sh/ {on = $2 == "SYNOPSIS"} !on {next} /^\.Nm/ {mine = 0} /^\.Cm/ {mine = $2 == command}
    mine && /^\.(Op )?Fl/ {sub(/^\.(Op )?Fl /, ""); print "-" $1}' "$page"
}

commands=$("$program" --help | sed -n '/^usage:/,/^$/s/^  moedmft \([a-z]*\) .*/\1/p')
options=$("$program" --help | options_of)
states=$("$program" --help | sed -n '/^exit status:/,$s/^  \([0-9]*\) .*/\1/p')
[ "$(echo "$commands $options" | wc -w)" -ge 19 ] || fail "cannot read moedmft --help"
for word in $commands; do
  grep -q "^\.It Cm $word\$" "$page" || fail "command $word is missing in $page"
  taken=$("$program" "$word" --help | options_of -s | grep -vx -e -h -e -V | sort | tr '\n' ' ')
  shown=$(synopsis_of "$word" | sort | tr '\n' ' ')
  [ "$taken" = "$shown" ] || fail "$word takes: $taken; the synopsis of $page shows: $shown"
done
for option in $options; do
  grep -qE "^\.It .*Fl ${option#-}( |$)" "$page" || fail "option $option is missing in $page"
  with=$(for word in $commands; do "$program" "$word" --help | options_of | grep -qx -e "$option" && echo "$word"; done | paste -sd, | sed 's/,/ , /g')
  named=$(grep -EA1 "^\.It .*Fl ${option#-}( |$)" "$page" | sed -n 's/^\.Cm \(.*\) :$/\1/p')
  [ -z "$named" ] || [ "$named" = "$with" ] || fail "$option goes with $with; $page names $named"
done
for word in $states; do grep -q "^\.It $word\$" "$page" || fail "exit status $word is missing in $page"; done
mandoc -Tlint -Wwarning "$page" >&2 || fail "mandoc finds the above"
[ "$failed" = 0 ] && echo "  Manual: all commands, options and exit states ... passed"
