#!/bin/sh
# What the numbers of a run depend on, and what they do not: the same commands by programs of gcc and clang at -O2 and -O3, with 1 to 4
# threads, on fixed vector instructions and one BLAS kernel; then on other kernels and vectors, whose deviations are measured.
#   sh validation/reproducible.sh [FOLDER]     FOLDER: for builds and files (default: build/reproducible); about ten minutes of two cores
# Needs clang with libomp-dev beside what the tests need; without it, gcc alone. Fails where bits differ that must not.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
folder=${1:-build/reproducible}
mkdir -p "$folder"
export OPENBLAS_CORETYPE=Haswell MOEDMFT_VECTORS=avx2
failed=0

# name and options of every run
runs() {
  cat <<'END'
solve -s solve.particles=1000 -s solve.replicas=3
solve -s solve.particles=1000 -s solve.replicas=3 -s solve.precision=double
solve -s solve.particles=800 -s solve.replicas=2 -s train.optimizer=adam -s train.lr=0.1 -s train.steps=8
compare -s solve.particles=500 -s solve.replicas=3 -s simulate.widths=[16,32] -s simulate.seeds=6 -s model.active_fraction=0.5
simulate -s simulate.widths=[16,64] -s simulate.seeds=4 -s simulate.precision=single -s train.batch=3
END
}

build() { # name, compiler, flags
  make -s -j2 BUILD="$folder/$1" CC="$2" CFLAGS="$3" "$folder/$1/moedmft"
}

make_runs() { # program, prefix of the files, threads
  i=0
  runs | while read -r command options; do
    i=$((i + 1))
    # shellcheck disable=SC2086 # options are words
    "$1" "$command" - -q --force -t "$3" -o "$folder/$2_$i.h5" $options
  done
}

count=$(runs | wc -l)
for compiler in gcc clang; do
  command -v "$compiler" > "$folder/which" || { echo "$compiler: not there, left out"; continue; }
  for level in 2 3; do build "$compiler-O$level" "$compiler" "-O$level"; done
done
make_runs "$folder/gcc-O3/moedmft" base 1

# every build repeats the files of the first, with 1 to 4 threads
for program in "$folder"/*/moedmft; do
  for threads in 1 2 3 4; do
    same=0
    for i in $(seq "$count"); do
      if "$program" rerun -t "$threads" "$folder/base_$i.h5" > "$folder/report" 2> "$folder/errors"; then same=$((same + 1))
      else sed 's/^/    /' "$folder/report" "$folder/errors"; fi
    done
    [ "$same" = "$count" ] || failed=1
    echo "$(basename "$(dirname "$program")"), $threads thread(s): $same of $count runs bit for bit"
  done
done

# other kernels and vectors: how far, in standard errors and relative
for machine in "Haswell plain" "SkylakeX avx2" "Nehalem plain" "SkylakeX avx512"; do
  for i in $(seq "$count"); do
    OPENBLAS_CORETYPE=${machine% *} MOEDMFT_VECTORS=${machine#* } "$folder/gcc-O3/moedmft" rerun "$folder/base_$i.h5" > "$folder/report" 2> "$folder/errors" || [ $? = 1 ]
    echo "$machine, $(runs | sed -n "${i}p")"
    grep -E 'bit for bit|largest|root mean' "$folder/report" | sed 's/^ */    /'
  done
done
exit $failed
