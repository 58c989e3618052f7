#!/bin/sh
# Under Open MPI the maximum of numbers one of which is NaN may be neither NaN nor the largest of the others.
#
# Guess before running: MPI_Allreduce with MPI_MAX over ranks one of which holds NaN gives the same on all of them: NaN, or the largest number of
#   the others, and MPI_Reduce gives that, too. (The standard promises that MPI_MAX commutes.)
# Version: Debian 12, libopenmpi3 4.1.4-3+b1.
# Behaviour: all ranks get the same, but which one depends on where NaN is, how many ranks there are, and the call. Each pair of partial
#   results is compared by one `>`, which is false for NaN, so that NaN stays when it is in one hand and goes when it is in the other. A partial result
#   that met NaN first is lost with it: of NaN, 2, 3, 4 on four ranks Allreduce says NaN, Reduce 3; of 1, 2, NaN, 4 Allreduce says 2, Reduce NaN.
# Output seen (rank r holds r + 1, but one NaN):
#   4 ranks, NaN on 0: allreduce nan, reduce 3
#   4 ranks, NaN on 1: allreduce 4, reduce 3
#   4 ranks, NaN on 2: allreduce 2, reduce nan
#   4 ranks, NaN on 3: allreduce 3, reduce 3
# What to do instead: reduce isnan as a number of its own before a maximum decides anything, as a largest gradient or loss does.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mpi=4.1.4-3
apt-get -qq download libopenmpi3=$mpi+b1 libopenmpi-dev=$mpi+b1 openmpi-bin=$mpi+b1 openmpi-common=$mpi libpmix2=4.2.2-1+deb12u1 libhwloc15=2.9.0-1 \
  libevent-core-2.1-7=2.1.12-stable-8+deb12u1 libevent-pthreads-2.1-7=2.1.12-stable-8+deb12u1 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
multiarch=$(gcc -print-multiarch)
lib=$work/root/usr/lib/$multiarch
export LD_LIBRARY_PATH="$lib:$lib/openmpi/lib:$lib/pmix2/lib" OPAL_PREFIX="$work/root/usr" OPAL_LIBDIR="$lib" OPAL_PKGLIBDIR="$lib/openmpi/lib/openmpi3" \
  OPAL_PKGDATADIR="$work/root/usr/share/openmpi" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=self,vader OMPI_MCA_pml=ob1
cat > most.c <<'C'
#include <math.h>
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
  int rank, n;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  for (int who = 0; who < n; who++) {
    double mine = rank == who ? NAN : rank + 1, all, one, each[16];
    int same = 1;
    MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    MPI_Reduce(&mine, &one, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    MPI_Gather(&all, 1, MPI_DOUBLE, each, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    if (rank) continue;
    for (int i = 0; i < n; i++) same &= each[i] == all || (isnan(each[i]) && isnan(all));
    printf("%d ranks, NaN on %d: allreduce %g%s, reduce %g\n", n, who, fabs(all), same ? "" : " (not on all)", fabs(one)); /* NaN without its sign */
  }
  MPI_Finalize();
  return 0;
}
C
gcc -I"$lib/openmpi/include" most.c -o most -L"$lib" -l:libmpi.so.40 -Wl,--allow-shlib-undefined -lm
"$work/root/usr/bin/orterun" --oversubscribe -n 4 ./most 2> most.err | tee seen
cat > expected <<'SEEN'
4 ranks, NaN on 0: allreduce nan, reduce 3
4 ranks, NaN on 1: allreduce 4, reduce 3
4 ranks, NaN on 2: allreduce 2, reduce nan
4 ranks, NaN on 3: allreduce 3, reduce 3
SEEN
cmp -s seen expected || { cat most.err >&2; echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
