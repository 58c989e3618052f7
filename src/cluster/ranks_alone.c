/* Ranks without MPI: this process alone. */
#include "cluster/launched.h"
#include "cluster/ranks.h"

int mdm_ranks_start(mdm_error *err) {
  int copies = mdm_launched_copies();
  if (copies <= 1) return MDM_OK;
  return mdm_fail(err, MDM_ERR_USAGE, "this program was built without MPI: the %d copies that mpirun or srun started would do the same work and fight for one file; build it with make MPI=1 (docs/cluster.md), or start one",
                  copies);
}

int mdm_ranks_count(void) { return 1; }
int mdm_ranks_mine(void) { return mdm_launched_rank(); }
int mdm_ranks_on_a_node(void) { return 1; }
const char *mdm_ranks_library(void) { return "none: built without MPI=1"; }

int mdm_ranks_send(int to, mdm_packet *p, mdm_error *err) {
  mdm_packet_clear(p);
  return mdm_fail(err, MDM_ERR_INTERNAL, "there is no rank %d", to);
}

int mdm_ranks_receive(int *from, mdm_packet *p) {
  (void)from;
  (void)p;
  return 0;
}

int mdm_ranks_gathers(void) { return 0; }
int mdm_ranks_exchange(size_t n, const mdm_parcel *parcel, int (*stopped)(void *context), void *context) {
  (void)n, (void)parcel, (void)stopped, (void)context;
  return -1;
}

void mdm_ranks_traffic(size_t *packets, double *bytes) {
  *packets = 0;
  *bytes = 0;
}

int mdm_ranks_detach(int *status) {
  (void)status;
  return 0;
}

void mdm_ranks_end(int together, int status) {
  (void)together;
  (void)status;
}
