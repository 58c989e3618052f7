#!/bin/sh
# The layers of src/ (README, "Where things live"): a folder may use what stands before it in this list, and itself, without circles.
#   sh tests/layers.sh BUILD [ROOT]    BUILD: folder of a finished build, whose objects tell who calls whom, below ROOT or absolute
#                                      ROOT: the repository, unless given
# Names file and line, and fails, where an include or a call runs upward, where a header is included without its folder, and
# wherever files need each other in a circle. tests/layers_test.sh tests it.
set -eu
unset CDPATH
build=$1
cd "${2:-$(dirname "$0")/..}"
layers="base kernels cluster config data scaling problem realization models training run study file law report plot cli"
# public headers, by the layer whose sources define what they declare; moedmft.h is all of them
public="error:base record:base monitor:base config:config data:data classify:scaling rules:scaling run:run cluster:run compare:study coordcheck:study
sweep:study version:file file:file rerun:file law:law report:report plot:plot moedmft:cli"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# file:line:text of every include
find src models include -name '*.[ch]' -exec grep -nHE '^[[:space:]]*#[[:space:]]*include' {} + > "$work/includes"
# source, letter and name of every symbol of its object: T (and the like) defined there, U used there
find "$build/obj/src" "$build/obj/f64" -name '*.o' 2> "$work/missing" | while read -r object; do
  source=${object#"$build"/obj/}
  source=${source#f64/}
  source=${source%.o}.c
  [ ! -f "$source" ] || nm -g "$object" | awk -v source="$source" '$(NF-1) ~ /^[TDRBUV]$/ {print source, $(NF-1), $NF}'
done > "$work/symbols"
[ -s "$work/symbols" ] || { echo "layers: there are no objects of the sources below $build; build first" >&2; exit 1; }

# Findings, one a line: file|line|what, where the line is empty for calls, whose objects do not tell it.
status=0
awk -v layers="$layers" -v public="$public" -v count="$work/count" '
  function layer(path) { sub(/^src\//, "", path); sub(/\/.*/, "", path); return path in rank ? path : "" }
  function unit(path) { sub(/\.[ch]$/, "", path); return path }
  function wrong(file, line, what) { print file "|" line "|" what; bad = 1 }
  function uses(file, line, used, what,    a, b) {
    a = unit(file); b = unit(used)
    if (rank[layer(used)] > rank[layer(file)]) wrong(file, line, what " runs upward: " layer(file) " stands before " layer(used))
    else if (a != b) { need[a, b] = 1; unit_of[a]; unit_of[b]; link[++links] = file "|" line "|" what; from[links] = a; to[links] = b }
  }
  # every unit that `start` needs, also through others, goes to reached[start, …]
  function follow(start, at,    next_one) {
    for (next_one in unit_of) if ((at, next_one) in need && !((start, next_one) in reached)) { reached[start, next_one] = 1; follow(start, next_one) }
  }
  BEGIN {
    n = split(layers, list, " "); for (i = 1; i <= n; i++) rank[list[i]] = i
    n = split(public, list, /[ \n]+/); for (i = 1; i <= n; i++) { split(list[i], entry, ":"); home["moedmft/" entry[1] ".h"] = entry[2] }
  }
  FILENAME ~ /includes$/ {
    split($0, part, ":"); file = part[1]; line = part[2]; header = $0; sub(/^[^<"]*[<"]/, "", header); sub(/[>"].*/, "", header)
    own = file; sub(/^include\//, "", own)
    user_layer = file ~ /^include\// ? home[own] : layer(file)
    if (user_layer == "") { wrong(file, line, "public header without a layer: give it one in tests/layers.sh"); next }
    if (header ~ /^moedmft\//) {
      if (!(header in home)) wrong(file, line, header " has no layer: give it one in tests/layers.sh")
      else if (rank[home[header]] > rank[user_layer]) wrong(file, line, "include of " header " runs upward: " user_layer " stands before " home[header])
    } else if ($0 ~ /"/) {
      if (layer(header) == "" || header !~ /\//) wrong(file, line, "\"" header "\" is included without its folder")
      else uses(file, line, header ~ /^models\// ? header : "src/" header, "include of " header)
    }
    next
  }
  $2 == "U" { used[$1 " " $3] = 1; next }
  { defined[$3] = $1 }
  END {
    for (pair in used) {
      split(pair, part, " ")
      if (part[2] in defined && defined[part[2]] != part[1]) uses(part[1], "", defined[part[2]], "call of " part[2])
    }
    for (a in unit_of) follow(a, a)
    for (i = 1; i <= links; i++)
      if ((to[i], from[i]) in reached) { split(link[i], part, "|"); wrong(part[1], part[2], part[3] " closes a circle: " to[i] " needs " from[i]) }
    n = 0; for (pair in need) n++
    print n > count
    exit bad
  }' "$work/includes" "$work/symbols" > "$work/findings" || status=1

# The first line of a file on which a symbol stands, but for includes; X(name) makes name_f64 of a name.
line_of() { grep -nw -- "${2%_f64}" "$1" | grep -v '^[0-9]*:[[:space:]]*#[[:space:]]*include' | sed -n '1s/:.*//p' | grep . || echo '?'; }
while IFS='|' read -r file line what; do
  symbol=${what#call of }
  echo "$file|${line:-$(line_of "$file" "${symbol%% *}")}|$what"
done < "$work/findings" | sort -t '|' -k 1,1 -k 2,2n -k 3,3 | sed 's/^/layers: /; s/|/:/; s/|/: /' >&2
[ "$status" = 0 ] || exit 1
echo "layers: $(cat "$work/count") dependencies between files, none upward, no circle"
