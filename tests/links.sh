#!/bin/sh
# Relative links of the documentation lead to files of the repository, and #anchors to headings. Run from its root.
set -eu
failed=0

# The anchors of a Markdown file's headings, one a line: lower case, punctuation dropped, blanks to dashes.
anchors() {
  sed -n '/^```/,/^```/d; s/^##* *//p' "$1" | tr '[:upper:] ' '[:lower:]-' | sed 's/[^[:alnum:]_-]//g'
}

for file in $(find . -name '*.md' -not -path './build*' -not -path './out/*'); do
  links=$(sed '/^```/,/^```/d' "$file" | grep -o '\](\([^) ]*\))' | sed 's/^](//; s/)$//' | grep -v '^[a-z]*:' || true)
  for link in $links; do
    target=${link%%#*}
    [ -n "$target" ] && path=$(dirname "$file")/$target || path=$file
    if [ ! -e "$path" ]; then
      echo "links: $file: $link leads nowhere" >&2
      failed=1
    elif [ "$link" != "$target" ] && ! anchors "$path" | grep -qxF -- "${link#*#}"; then
      echo "links: $file: $link: no such heading" >&2
      failed=1
    fi
  done
done
exit $failed
