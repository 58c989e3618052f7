#!/bin/sh
# The layers of src/ (README, "Where things live"): a folder may use what stands before it in this list, and itself, without circles.
#   sh tests/layers.sh BUILD    BUILD: folder of a finished build, whose objects tell who calls whom
# Fails with file and line where an include or a call runs upward, files of a folder need each other in a circle, or a header is
# included without its folder.
set -eu
unset CDPATH
build=$1
cd "$(dirname "$0")/.."
layers="base config data scaling problem realization models training run study file report plot cli"
# public headers, by the layer whose sources define what they declare; moedmft.h is all of them
public="error:base record:base monitor:base config:config data:data classify:scaling rules:scaling run:run compare:study coordcheck:study
sweep:study version:file file:file report:report plot:plot moedmft:cli"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# file:line:text of every include; then the same for calls: object-file symbols, T defined in or U used by a source
grep -nE '^[[:space:]]*#[[:space:]]*include' $(find src models include -name '*.[ch]') > "$work/includes"
find "$build"/obj/src "$build"/obj/f64 -name '*.o' | while read -r object; do
  source=${object#"$build"/obj/}
  source=${source#f64/}
  nm -g "$object" | awk -v source="${source%.o}.c" '$(NF-1) ~ /^[TDRBUV]$/ {print source, $(NF-1), $NF}'
done > "$work/symbols"

awk -v layers="$layers" -v public="$public" -v links="$work/links" '
  function layer(path) { sub(/^src\//, "", path); sub(/\/.*/, "", path); return path in rank ? path : "" }
  function room(path) { sub(/\.[ch]$/, "", path); return path }
  function wrong(where, what) { print where ": " what; bad = 1 }
  function uses(where, user, used, what) {
    if (rank[layer(used)] > rank[user_layer]) wrong(where, what " runs upward: " user_layer " stands before " layer(used))
    else if (room(used) != room(user)) print room(user), room(used) > links
  }
  BEGIN {
    n = split(layers, list, " "); for (i = 1; i <= n; i++) rank[list[i]] = i
    n = split(public, list, /[ \n]+/); for (i = 1; i <= n; i++) { split(list[i], entry, ":"); home["moedmft/" entry[1] ".h"] = entry[2] }
  }
  FILENAME ~ /includes$/ {
    split($0, part, ":"); file = part[1]; where = part[1] ":" part[2]; header = $0; sub(/^[^<"]*[<"]/, "", header); sub(/[>"].*/, "", header)
    own = file; sub(/^include\//, "", own)
    user_layer = file ~ /^include\// ? home[own] : layer(file)
    if (user_layer == "") { wrong(where, "public header without a layer: give it one in tests/layers.sh"); next }
    if (header ~ /^moedmft\//) {
      if (!(header in home)) wrong(where, header " has no layer: give it one in tests/layers.sh")
      else if (rank[home[header]] > rank[user_layer]) wrong(where, "include of " header " runs upward: " user_layer " stands before " home[header])
    } else if ($0 ~ /"/) {
      if (layer(header) == "" || header !~ /\//) wrong(where, "\"" header "\" is included without its folder")
      else uses(where, file, header ~ /^models\// ? header : "src/" header, "include of " header)
    }
    next
  }
  $2 == "U" { used[$1 " " $3] = 1; next }
  { defined[$3] = $1 }
  END {
    for (pair in used) {
      split(pair, part, " ")
      if (!(part[2] in defined) || defined[part[2]] == part[1]) continue
      user_layer = layer(part[1])
      uses(part[1], part[1], defined[part[2]], "call of " part[2])
    }
    exit bad
  }' "$work/includes" "$work/symbols" > "$work/upward" || status=1

# where in the text a call or an include stands
line_of() { grep -nw -m1 -- "$2" "$1" | cut -d: -f1; }
while IFS= read -r finding; do
  file=${finding%%:*}
  case $finding in *": call of "*)
    symbol=${finding#*: call of }
    symbol=${symbol%% *}
    finding="$file:$(line_of "$file" "${symbol%_f64}" || echo '?'):${finding#"$file":}" ;;
  esac
  echo "layers: $finding" >&2
done < "$work/upward"

# tsort names the members of every circle
sort -u "$work/links" > "$work/pairs"
if ! tsort "$work/pairs" > /dev/null 2> "$work/circle"; then
  status=1
  echo "layers: files need each other in a circle:" $(sed -n 's/^tsort: \([a-z].*\/.*\)/\1/p' "$work/circle") >&2
fi
[ -z "${status:-}" ] || exit 1
echo "layers: $(wc -l < "$work/pairs") dependencies between files, none upward, no circle"
