/* How much memory there is, and that no run takes more. */
#include "cli/memory.h"

#include <moedmft/cluster.h>
#include <moedmft/monitor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Where Linux does not tell, all there is. */
static double available(void) {
  char line[128];
  double kilobytes = 0;
  FILE *f = fopen("/proc/meminfo", "r");
  while (f && kilobytes == 0 && fgets(line, sizeof line, f))
    if (!strncmp(line, "MemAvailable:", 13)) kilobytes = strtod(line + 13, NULL);
  if (f) fclose(f);
  return kilobytes > 0 ? 1024 * kilobytes : (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

/* The sanitizers reserve more address space for themselves than there is memory. */
static void limit(double have) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)have;
#else
  struct rlimit l;
  if (getrlimit(RLIMIT_DATA, &l) || (l.rlim_cur != RLIM_INFINITY && (double)l.rlim_cur <= have)) return;
  l.rlim_cur = (rlim_t)have;
  setrlimit(RLIMIT_DATA, &l);
#endif
}

double memory_claim(void) {
  double have = available();
  limit(have);
  return have;
}

int memory_threads(int threads) { return mdm_workers(threads, NULL) * mdm_cluster_ranks_on_a_node(); }

int memory_check(double need, double have, mdm_error *err) {
  if (need > have)
    return mdm_fail(err, MDM_ERR_MEMORY,
                    "about %.3g GB of memory needed, %.3g GB are available; lower solve.particles, simulate.widths, "
                    "data.train, train.steps or --threads",
                    need / 1e9, have / 1e9);
  return MDM_OK;
}
