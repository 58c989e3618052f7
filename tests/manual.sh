#!/bin/sh
# The manual page knows every command and option of `moedmft --help`, and is well formed. Usage: manual.sh PROGRAM
set -eu
program=$1
page=$(cd "$(dirname "$0")/.." && pwd)/docs/moedmft.1
failed=0
fail() { echo "  Manual: $*" >&2; failed=$((failed + 1)); }

commands=$("$program" --help | sed -n '/^usage:/,/^$/s/^  moedmft \([a-z]*\) .*/\1/p')
options=$("$program" --help | sed -n '/^options:/,/^$/s/^  *\(-[a-zA-Z], \)\{0,1\} *--\([a-z-]*\).*/\2/p')
states=$("$program" --help | sed -n '/^exit status:/,$s/^  \([0-9]*\) .*/\1/p')
[ "$(echo "$commands $options" | wc -w)" -ge 19 ] || fail "cannot read moedmft --help"
for word in $commands; do grep -q "^\.It Cm $word\$" "$page" || fail "command $word is missing in $page"; done
for word in $options; do grep -q "^\.It .*Fl -$word\b" "$page" || fail "option --$word is missing in $page"; done
for word in $states; do grep -q "^\.It $word\$" "$page" || fail "exit status $word is missing in $page"; done
mandoc -Tlint -Wwarning "$page" >&2 || fail "mandoc finds the above"
[ "$failed" = 0 ] && echo "  Manual: all commands, options and exit states ... passed"
