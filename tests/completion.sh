#!/usr/bin/env bash
# Completion in bash offers what the program knows. Usage: completion.sh PROGRAM
set -uo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
source "$root/completions/moedmft.bash"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/sub folder"
touch "$folder/run.yaml" "$folder/run.h5" "$folder/run.csv" "$folder/run.png" "$folder/notes.txt"
cd "$folder" || exit 1
passed=0 failed=0

# offers WORDS -- WORD …: completing the command line "moedmft WORD …" at its end offers exactly the words (sorted)
offers() {
  local expected=()
  while [[ $1 != -- ]]; do expected+=("$1") && shift; done
  shift
  COMP_WORDS=("$program" "$@") COMP_CWORD=$# COMPREPLY=()
  _moedmft
  local got wanted
  got=$(printf '%s\n' "${COMPREPLY[@]-}" | LC_ALL=C sort)
  wanted=$(printf '%s\n' "${expected[@]-}" | LC_ALL=C sort)
  if [[ $got == "$wanted" ]]; then passed=$((passed + 1))
  else failed=$((failed + 1)) && echo "  Completion: 'moedmft $*' offers '${got//$'\n'/ }' instead of '${wanted//$'\n'/ }'" >&2
  fi
}

mapfile -t commands < <("$program" --help | sed -n 's/^  moedmft \([a-z]*\) .*/\1/p')
[[ ${#commands[@]} -ge 8 ]] || { echo "  Completion: cannot read $program --help" >&2; exit 1; }
offers "${commands[@]}" -- ""
offers solve -- sol
offers run.yaml "sub folder" -- compare ""
offers run.h5 "sub folder" -- info ""
offers run.csv run.h5 "sub folder" -- fit ""
offers power -- fit run.csv --law p
offers run.yaml -- solve -s train.lr=3 run
offers run.h5 "sub folder" -- compare - -o ""
offers run.png "sub folder" -- plot run.h5 -o ""
offers train.lr= train.lr_multiplier.{input,router,expert_in,expert_out,attention_in,attention_out,readout}= -- solve - -s train.lr
offers I II III -- solve - -s model.regime = ""          # as bash splits the word
offers model.regime=II model.regime=III -- solve - --set model.regime=II  # as zsh does
offers II III -- solve - -s model.regime = II
offers I II III -- solve - -s model.regime =
offers true false -- solve - -s output.kernels = ""
offers full -- solve - -s train.batch = f
offers 24 -- solve - -s train.steps = ""
offers run.yaml run.h5 run.csv run.png -- solve - -s data.file = run
offers text json csv latex -- rules - --format ""
offers --save-weights --seed --set --strict --sweeps -- compare - --s
offers --seed --set -- rules - --s
offers --width -- rules - --wi
offers --enumerate -- classify - --e
offers --expect -- compare - --e
offers --expect -- coordcheck - --e
offers rate rate,limit -- compare - --expect r
offers limit -- compare - --expect = l
offers --what -- plot run.h5 --w
offers kernels -- plot run.h5 --what k
offers gamma -- plot run.h5 --what kernels --field g
offers "" -- solve - --wh
offers "" -- compare - --wi
offers "" -- solve - -t ""
offers "" -- nonsense
offers train.lr= train.lr_multiplier.{input,router,expert_in,expert_out,attention_in,attention_out,readout}= -- sweep - --over train.lr
offers run.h5 "sub folder" -- --output = run.png info ""  # as bash splits the word
# every command and every option of the help: its options are offered, the words of an argument too, and an argument is no command
for command in "${commands[@]}"; do
  mapfile -t options < <("$program" "$command" --help | sed -nE 's/^  (-[A-Za-z],|   ) (--[a-z-]+).*/\2/p')
  [[ ${#options[@]} -ge 2 ]] || { echo "  Completion: cannot read $program $command --help" >&2; exit 1; }
  offers "${options[@]}" -- "$command" - --
  while read -r option argument; do
    mapfile -t words < <(tr -d '[]' <<< "${argument//|/$'\n'}")
    [[ $argument != *"|"* ]] || offers "${words[@]}" -- "$command" - "$option" ""
    offers "${commands[@]}" -- "$option" "${words[0]}" ""
  done < <("$program" "$command" --help | sed -nE 's/^  (-[A-Za-z],|   ) (--[a-z-]+) ([^ ]+).*/\2 \3/p')
done
for option in $("$program" --help | sed -nE 's/^  (-[A-Za-z],|   ) (--[a-z-]+)(  .*|$)/\2/p'); do offers "${commands[@]}" -- "$option" ""; done
mapfile -t keys < <("$program" options | sed -n 's/^\([^ ][^:]*\): .*/\1=/p')
[[ ${#keys[@]} -ge 80 ]] || { echo "  Completion: cannot read $program options" >&2; exit 1; }
offers "${keys[@]}" -- solve - -s ""
echo "  Completion: $passed passed, $failed failed"
[[ $failed == 0 ]]
