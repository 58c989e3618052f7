/* How much memory there is, and that no run takes more. */
#include "cli/memory.h"

#include <moedmft/cluster.h>
#include <moedmft/monitor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

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

/* gcc defines a name for each sanitizer, clang has a feature. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

/* The sanitizers reserve more address space for themselves than there is memory. */
static void limit(double have) {
#ifdef SANITIZED
  (void)have;
#else
  struct rlimit l;
  if (getrlimit(RLIMIT_DATA, &l) || (l.rlim_cur != RLIM_INFINITY && (double)l.rlim_cur <= have)) return;
  l.rlim_cur = (rlim_t)have;
  setrlimit(RLIMIT_DATA, &l);
#endif
}

/* Arrays from this size on go back to the system when they are freed. glibc would raise the bound to the largest array that was freed, and
 * then place arrays on a heap whose pages, once written, stay: twice the memory (docs/engineering.md). */
enum { RETURNED_FROM = 256 << 10 };

static void return_freed(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, RETURNED_FROM);
#endif
}

double memory_claim(void) {
  return_freed();
  double have = available();
  limit(have);
  return have;
}

/* What the buffers of BLAS and HDF5, and stacks, take once they are used, as measured. */
static const double BUFFERS = 5e6;

/* Where Linux does not tell, the buffers alone. */
double memory_held(void) {
  double pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%*f %lf", &pages) != 1) pages = 0;
  if (f) fclose(f);
  return pages * (double)sysconf(_SC_PAGESIZE) + BUFFERS;
}

int memory_threads(int threads) { return mdm_workers(threads, NULL) * mdm_cluster_ranks_on_a_node(); }

int memory_check(double need, double have, mdm_error *err) {
  if (need > have)
    return mdm_fail(err, MDM_ERR_MEMORY,
                    "about %.3g GB of memory needed, %.3g GB are available; lower solve.particles, simulate.widths, "
                    "model.depth, data.train, train.steps or --threads",
                    need / 1e9, have / 1e9);
  return MDM_OK;
}
