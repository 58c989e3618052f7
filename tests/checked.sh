#!/bin/sh
# The tests with a build that checks itself: checked.sh asan|tsan|valgrind BUILD PYTHON (make asan, make tsan, make valgrind).
#
# Whatever a checker says goes to files of its own, so that nothing is lost where a test expects the program to fail; any such file fails here.
# Left out everywhere: run/memory, which compares peaks of memory with what is announced; ranks, as Open MPI keeps memory that it does not free
# and starts threads of its own.
set -u
unset CDPATH
kind=$1 build=$2 python=$3
cd "$(dirname "$0")/.."
found=$build/found
rm -rf "$found"
mkdir -p "$found"
here=$(pwd)
case $found in /*) log=$found ;; *) log=$here/$found ;; esac
MOEDMFT_BIN=$build/moedmft MOEDMFT_MPI_BIN=
export MOEDMFT_BIN MOEDMFT_MPI_BIN
failed=
check() { "$@" || failed="$failed
  $*"; }

case $kind in
asan) # sizes that no machine has are refused by the allocator, as without it
  ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:exitcode=99:log_path=$log/asan
  UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99:log_path=$log/ubsan
  LSAN_OPTIONS=suppressions=$here/tests/lsan.supp:print_suppressions=0
  export ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
  check "$build/run-tests" -run/memory
  check sh tests/reference.sh "$build/moedmft" "$python"
  check "$python" validation/official.py --quick
  PYTHONPATH=python check "$python" -m unittest discover -q -s python/tests
  ;;
tsan) # archer tells ThreadSanitizer what libomp orders; OpenBLAS, HDF5 and libomp are not compiled with it
  archer=$(ls /usr/lib/llvm-*/lib/libarcher.so 2>/dev/null | tail -1)
  [ -n "$archer" ] || { echo "checked.sh: no libarcher.so: sh scripts/install-packages.sh checks" >&2; exit 1; }
  OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS=ignore_noninstrumented_modules=1:allocator_may_return_null=1:exitcode=99:log_path=$log/tsan
  export OMP_TOOL_LIBRARIES TSAN_OPTIONS
  check "$build/run-tests" -run/memory
  check "$python" validation/official.py --quick
  ;;
valgrind) # thirty times slower: suites that take seconds otherwise are left out; make asan runs them. Blocks that are possibly lost are those of
  # threads that OpenBLAS and libgomp keep as long as the process.
  wrapper=$build/moedmft-checked
  run="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --log-file=$log/valgrind.%p"
  printf '#!/bin/sh\nexec %s %s "$@"\n' "$run" "$build/moedmft" > "$wrapper"
  chmod +x "$wrapper"
  MOEDMFT_BIN=$wrapper
  # in one process; -q prints nothing where nothing is found
  check $run "$build/run-tests" base/ config/config data/ file/file file/block problem/ realization/ scaling/ report/ \
    study/compare study/power_fit study/sweep_results training/coordcheck training/statistics training/tangent -base/lapack -realization/limit \
    -realization/pairs
  # the program, started by tests that are not checked themselves
  check "$build/run-tests" cli/refusals
  find "$found" -size 0 -delete
  ;;
*)
  echo "checked.sh: '$kind'; allowed: asan, tsan, valgrind" >&2
  exit 1
  ;;
esac

# An allocation that is refused is told, and is no fault: tests ask for more than any machine has.
for f in "$found"/*; do
  [ ! -f "$f" ] || grep -qv 'Sanitizer failed to allocate' "$f" || rm "$f"
done
if [ -n "$(ls "$found")" ]; then
  echo "$kind found, in $found:" >&2
  for f in "$found"/*; do head -20 "$f" >&2; done
  exit 1
fi
[ -z "$failed" ] || { echo "$kind: failed:$failed" >&2; exit 1; }
echo "$kind: nothing found"
