#!/bin/bash
# A job for Slurm: the runs of one command on all ranks of all nodes that it gets (docs/cluster.md).
#   sbatch examples/slurm.sh compare my.yaml -o out.h5
# Options of sbatch before the script's name replace those below. Submitted again, the same line goes on with the runs that are missing.
#SBATCH --job-name=moedmft
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@180
#SBATCH --output=moedmft-%j.log

# Three minutes before the end of its time the job stops by itself and keeps the runs that are complete.
trap 'kill -USR1 $job' USR1
mpirun --map-by "slot:PE=${SLURM_CPUS_PER_TASK:-1}" "${MOEDMFT:-moedmft}" "$@" --threads "${SLURM_CPUS_PER_TASK:-1}" &
job=$!
wait $job
status=$?
while kill -0 $job 2> /dev/null; do # the signal came: wait has returned before mpirun
  wait $job
  status=$?
done
exit $status
