/* The program on several ranks. Rank 0 is the program as it is without; the others print nothing and write nothing. */
#include "cli/cluster.h"

#include <moedmft/cluster.h>

#include "cli/memory.h"
#include "cli/signals.h"

int cluster_served(int *status) {
  if (mdm_cluster_rank() == 0) return 0;
  signals_ignore();
  signals_catch(0); /* rank 0 is told; who wants us to end at once kills */
  memory_claim();
  *status = mdm_cluster_serve(signals_stop());
  return 1;
}
