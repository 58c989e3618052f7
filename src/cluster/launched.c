/* Launchers (launched.h): Open MPI's mpirun; those of MPICH and its relatives; Slurm's srun. A process that mpirun starts within a job of
 * Slurm sees variables of both, so the order counts. */
#include "cluster/launched.h"

#include <stddef.h>
#include <stdlib.h>

static int first_number(const char *const name[3], int otherwise) {
  for (int i = 0; i < 3; i++) {
    const char *text = getenv(name[i]);
    if (text) return (int)strtol(text, NULL, 10);
  }
  return otherwise;
}

int mdm_launched_copies(void) {
  static const char *const name[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}; /* the last: within srun only */
  return first_number(name, 1);
}

int mdm_launched_rank(void) {
  static const char *const name[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"};
  return mdm_launched_copies() > 1 ? first_number(name, 0) : 0;
}
