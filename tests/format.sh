#!/bin/sh
# What every text file of the repository keeps to: no tabs (but in Makefile), no blanks at the end of a line, no carriage returns, a newline at
# the end, lines of bounded length; and that nothing lies at the top that does not belong there. Usage: format.sh [ROOT]
set -eu
unset CDPATH
cd "${1:-$(dirname "$0")/..}"
top=' .ci .clang-format .clang-tidy .gitignore CHANGELOG.md CITATION.cff LICENSE Makefile README.md completions data docs examples findings include models python scripts src tests validation '
{
git ls-files 2> /dev/null | cut -d/ -f1 | sort -u | while read -r name; do
  case $top in *" $name "*) ;; *) echo "$name: left over from a run? (tests/format.sh lists what belongs at the top)" ;; esac
done
find . \( -name .git -o -name build -o -name 'build-*' -o -name out -o -name .library -o -name .mirror \) -prune -o -type f \
  \( -name '*.[ch]' -o -name '*.py' -o -name '*.sh' -o -name '*.bash' -o -name '*.yaml' -o -name '*.md' -o -name Makefile \) -print |
  LC_ALL=C sort | while read -r file; do
  awk -v file="${file#./}" '
    BEGIN { limit = file ~ /(\.md|Makefile)$/ ? 0 : file ~ /\.[ch]$/ ? 300 : 200 }
    /\t/ && file !~ /Makefile$/ { print file ":" NR ": a tab" }
    /[ \t]$/ && file !~ /\.md$/ { print file ":" NR ": blanks at the end of the line" }
    /\r/ { print file ":" NR ": a carriage return" }
    limit && length($0) > limit { print file ":" NR ": " length($0) " columns; at most " limit }' "$file"
  [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo "${file#./}: no newline at the end"
done
} > "${TMPDIR:-/tmp}/format.$$"
cat "${TMPDIR:-/tmp}/format.$$" >&2
found=$(wc -l < "${TMPDIR:-/tmp}/format.$$")
rm "${TMPDIR:-/tmp}/format.$$"
[ "$found" = 0 ] && echo "  Format: tabs, blanks, newlines, lengths ... passed"
