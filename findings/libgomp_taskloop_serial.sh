#!/bin/sh
# A taskloop of more than 64 tasks a thread runs on one thread under GCC's OpenMP runtime, however long each task is.
#
# Guess before running: a runtime that holds too many waiting tasks begins to run some of them at once, in the thread that makes them, and the
#   others stay for the rest of the team; so a taskloop of any number of tasks keeps all threads busy. That is what happens for single
#   `task` constructs, whose excess alone is run at once.
# Version: Debian 12, libgomp1 12.2.0-14+deb12u1; LLVM's libomp5-14 1:14.0.6-12 beside it.
# Behaviour: libgomp decides once for a whole taskloop. With num_tasks above 64 × (threads of the team) every task of it runs in the thread
#   that met the construct, one after the other; with one task less all threads work. libomp uses all threads at any number.
# Output seen (tasks of 0.2 ms; threads that ran at least one of them):
#   libgomp: team 2, tasks 128, threads at work 2
#   libgomp: team 2, tasks 129, threads at work 1
#   libgomp: team 4, tasks 256, threads at work 4
#   libgomp: team 4, tasks 257, threads at work 1
#   libgomp: team 2, single tasks 129, threads at work 2
#   libomp: team 2, tasks 128, threads at work 2
#   libomp: team 2, tasks 129, threads at work 2
#   libomp: team 4, tasks 256, threads at work 4
#   libomp: team 4, tasks 257, threads at work 4
#   libomp: team 2, single tasks 129, threads at work 2
# What to do instead: a fixed number of tasks well below 64 a thread (grainsize leaves it to the length of the loop), or `omp for`.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download libgomp1=12.2.0-14+deb12u1 libomp5-14=1:14.0.6-12 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > tasks.c <<'C'
#include <omp.h>
#include <stdio.h>
#include <time.h>
static int by[4]; /* tasks that each thread ran */
static void work(void) {
  struct timespec t = {0, 200000};
  nanosleep(&t, 0);
#pragma omp atomic
  by[omp_get_thread_num()]++;
}
static void report(const char *name, int team, const char *what, int n) {
  int used = 0;
  for (int t = 0; t < 4; t++) used += by[t] > 0, by[t] = 0;
  printf("%s: team %d, %s %d, threads at work %d\n", name, team, what, n, used);
}
int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  for (int team = 2; team <= 4; team += 2)
    for (int n = 64 * team; n <= 64 * team + 1; n++) {
#pragma omp parallel num_threads(team)
#pragma omp single
#pragma omp taskloop num_tasks(n)
      for (int i = 0; i < n; i++) work();
      report(name, team, "tasks", n);
    }
#pragma omp parallel num_threads(2)
#pragma omp single
  for (int i = 0; i < 129; i++) {
#pragma omp task
    work();
  }
  report(name, 2, "single tasks", 129);
  return 0;
}
C
lib=$(gcc -print-multiarch)
gcc -fopenmp tasks.c -o tasks
ln -s "$work"/root/usr/lib/llvm-14/lib/libomp.so.5 root/libgomp.so.1 # libomp answers to the calls that GCC's code makes
{
  LD_LIBRARY_PATH="$work/root/usr/lib/$lib" ./tasks libgomp
  LD_LIBRARY_PATH="$work/root" ./tasks libomp
} | tee seen
cat > expected <<'SEEN'
libgomp: team 2, tasks 128, threads at work 2
libgomp: team 2, tasks 129, threads at work 1
libgomp: team 4, tasks 256, threads at work 4
libgomp: team 4, tasks 257, threads at work 1
libgomp: team 2, single tasks 129, threads at work 2
libomp: team 2, tasks 128, threads at work 2
libomp: team 2, tasks 129, threads at work 2
libomp: team 4, tasks 256, threads at work 4
libomp: team 4, tasks 257, threads at work 4
libomp: team 2, single tasks 129, threads at work 2
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
