#!/bin/bash
# examples/slurm.sh under a real Slurm on this machine alone: its daemons run here, in the foreground, from a temporary folder; nothing of
# the system's own configuration is touched. Submits the job, stops it by the signal that comes before a time limit, submits it again, and
# compares with the program without MPI. Needs root, Debian's slurm-wlm and munge, and make MPI=1.
#   validation/slurm.sh [PROGRAM built with MPI=1] [PROGRAM]
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
program=$(realpath "${1:-build/mpi/moedmft}") plain=$(realpath "${2:-build/moedmft}") script=$(realpath examples/slurm.sh)
for tool in slurmctld slurmd munged sbatch mpirun; do
  command -v $tool > /dev/null || { echo "slurm.sh: $tool is missing: apt-get install slurm-wlm munge, sh scripts/install-packages.sh mpi" >&2; exit 1; }
done

work=$(mktemp -d /tmp/moedmft-slurm-XXXXXX)
chmod 755 "$work"
daemons=
finish() {
  for pid in $daemons; do kill "$pid" 2> /dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT

host=$(hostname -s) cores=$(nproc)
mkdir -m 700 "$work/munge"
mkdir "$work/state" "$work/spool" "$work/log"
dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 2> /dev/null
chmod 400 "$work/munge/key"
cat > "$work/slurm.conf" <<END
ClusterName=here
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
END
export SLURM_CONF="$work/slurm.conf" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
munged --foreground --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" --log-file="$work/munge/log" \
  --seed-file="$work/munge/seed" --force > "$work/log/munged" 2>&1 &
daemons="$daemons $!"
for _ in $(seq 50); do [ -S "$work/munge/socket" ] && break; sleep 0.1; done
slurmctld -D > "$work/log/slurmctld" 2>&1 &
daemons="$! $daemons"
slurmd -D -N "$host" > "$work/log/slurmd" 2>&1 &
daemons="$! $daemons"
for _ in $(seq 100); do sinfo -h -o %T 2> /dev/null | grep -q idle && break; sleep 0.2; done
sinfo || { tail -5 "$work"/log/* >&2; exit 1; }

many="-s solve.particles=200 -s solve.replicas=4 -s train.steps=1500 -s simulate.widths=[8,32] -s simulate.seeds=300 -s output.kernels=false"
export MOEDMFT=$program
cd "$work"
job() { sbatch --parsable --nodes=1 --ntasks-per-node="$cores" --cpus-per-task=1 --time=5 --output="$1.log" "$script" compare - -o out.h5 $many; }
ended() { while squeue -h -j "$1" 2> /dev/null | grep -q .; do sleep 0.2; done; }

echo "== submitted, and stopped by USR1 after some of its runs"
id=$(job first)
for _ in $(seq 100); do grep -q 'memory needed' first.log 2> /dev/null && break; sleep 0.1; done
sleep 2
scancel --batch --signal=USR1 "$id"
ended "$id"
cat first.log
"$plain" info out.h5 > info
sed -n '1,2p' info
grep -q '^status *interrupted' info || { echo "slurm.sh: the job was over before the signal came" >&2; exit 1; }
echo "== submitted again"
ended "$(job second)"
cat second.log
"$plain" compare - -q -o plain.h5 $many
/usr/bin/python3 - <<'END'
import h5py
import numpy as np

def arrays(name):
    found = {}
    with h5py.File(name) as f:
        f.visititems(lambda path, o: found.__setitem__(path, o[()].tobytes()) if isinstance(o, h5py.Dataset) else None)
    return {path: bits for path, bits in found.items() if "members/" not in path and "seconds" not in path}

a, b = arrays("out.h5"), arrays("plain.h5")
assert a.keys() == b.keys() and len(a) > 100
assert all(a[path] == b[path] for path in a)
print(f"slurm: {len(a)} datasets bit for bit as without MPI")
END
