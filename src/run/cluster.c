/* The public face of ranks (moedmft/cluster.h). */
#include <moedmft/cluster.h>

#include "cluster/dispatch.h"
#include "cluster/ranks.h"
#include "run/remote_serve.h"

int mdm_cluster_join(mdm_error *err) { return mdm_ranks_start(err); }
int mdm_cluster_ranks(void) { return mdm_ranks_count(); }
int mdm_cluster_rank(void) { return mdm_ranks_mine(); }
int mdm_cluster_ranks_on_a_node(void) { return mdm_ranks_on_a_node(); }
const char *mdm_cluster_library(void) { return mdm_ranks_library(); }

int mdm_cluster_serve(const volatile sig_atomic_t *stop) {
  mdm_remote_serve(stop);
  return 0;
}

void mdm_cluster_leave(int status) { mdm_dispatch_end(status); }
