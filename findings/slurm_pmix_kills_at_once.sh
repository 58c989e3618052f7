#!/bin/sh
# When a task of a job step dies, Slurm's PMIx plugin kills the others without asking them to end first.
#
# Guess before running: like a step that is cancelled, or one with srun --kill-on-bad-exit, the others receive SIGTERM and have KillWait (30 s) to
#   end; srun says so itself: "Job step aborted: Waiting up to 32 seconds for job step to finish."
# Version: Debian 12, slurm-wlm 22.05.8-4+deb12u3, libpmix2 4.2.2-1+deb12u1.
# Behaviour: with srun --kill-on-bad-exit=1 the other task gets SIGTERM and ends in its own time. With srun --mpi=pmix, once the tasks have
#   called PMIx_Init (which MPI_Init does), it is killed at once by SIGKILL, in spite of that message; a handler for SIGTERM never runs.
# Output seen:
#   kill-on-bad-exit: asked to end, ended in time
#   pmix: began, and nothing more
# What to do instead: start by mpirun within the job (which asks, and kills after a second), or write what must not be lost as work goes on.
# Needs root: a Slurm of its own runs in a temporary folder, from packages that are unpacked there.
set -eu
work=$(mktemp -d)
chmod 755 "$work"
daemons=
finish() {
  for pid in $daemons; do kill "$pid" 2> /dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
slurm=22.05.8-4+deb12u3 pmix=4.2.2-1+deb12u1 hwloc=2.9.0-1 event=2.1.12-stable-8+deb12u1
apt-get -qq download slurmctld=$slurm slurmd=$slurm slurm-client=$slurm slurm-wlm-basic-plugins=$slurm libpmix2=$pmix libpmix-dev=$pmix libhwloc15=$hwloc \
  libevent-core-2.1-7=$event libevent-pthreads-2.1-7=$event libmunge2 libnuma1 liblua5.1-0 liblz4-1 2> download.log ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
lib=root/usr/lib/$(gcc -print-multiarch)
export LD_LIBRARY_PATH="$work/$lib/slurm-wlm:$work/$lib:$work/$lib/pmix2/lib" sbin="$work/root/usr/sbin" PATH="$work/root/usr/bin:$PATH"

cat > task.c <<'C'
#include <pmix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static volatile sig_atomic_t asked;
static void on_signal(int number) { (void)number; asked = 1; }
int main(int argc, char **argv) {
  pmix_proc_t me;
  (void)argv;
  if (argc > 1 && PMIx_Init(&me, NULL, 0) != PMIX_SUCCESS) return 3;
  signal(SIGTERM, on_signal);
  if (atoi(getenv("SLURM_PROCID")) == 1) {
    sleep(1);
    kill(getpid(), SIGKILL);
  }
  printf("began\n");
  fflush(stdout);
  for (int i = 0; i < 50; i++) {
    usleep(100000);
    if (!asked) continue;
    printf("asked to end\n");
    fflush(stdout);
    sleep(1);
    printf("ended in time\n");
    return 0;
  }
  printf("nobody asked\n");
  return 0;
}
C
include=$(dirname "$(find root -name pmix.h | head -1)")
gcc -I"$include" task.c -o task -L"$lib" -l:libpmix.so.2 -L"$lib/pmix2/lib" -Wl,--allow-shlib-undefined

host=$(hostname -s)
mkdir state spool
cat > slurm.conf <<END
ClusterName=finding
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=26917
SlurmdPort=26918
AuthType=auth/none
CredType=cred/none
PluginDir=$work/$lib/slurm-wlm
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES State=UP OverSubscribe=FORCE:4
END
export SLURM_CONF="$work/slurm.conf"
"$sbin/slurmctld-wlm" -D > slurmctld.log 2>&1 &
daemons="$!"
"$sbin/slurmd-wlm" -D -N "$host" -d "$sbin/slurmstepd-wlm" > slurmd.log 2>&1 &
daemons="$! $daemons"
i=0
until sinfo -h -o %T 2> /dev/null | grep -q idle; do
  i=$((i + 1))
  [ $i -lt 150 ] || { tail -n 3 slurmctld.log >&2; tail -n 3 slurmd.log >&2; echo "finding: Slurm does not run here; what is said here is not checked" >&2; exit 1; }
  sleep 0.2
done

srun --overcommit -n 2 --mpi=none --kill-on-bad-exit=1 ./task > asked 2> asked.err || true
srun --overcommit -n 2 --mpi=pmix ./task pmix > killed 2> killed.err || true
if grep -q 'ended in time' asked; then echo "kill-on-bad-exit: asked to end, ended in time"; fi | tee seen
if [ "$(cat killed)" = began ]; then echo "pmix: began, and nothing more"; fi | tee -a seen
grep -q 'Waiting up to' killed.err
printf '%s\n' 'kill-on-bad-exit: asked to end, ended in time' 'pmix: began, and nothing more' > expected
cmp -s seen expected || { cat asked asked.err killed killed.err >&2; echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"
