/* How much memory there is, and that no run takes more. */
#include "cli/memory.h"

#include <moedmft/cluster.h>
#include <moedmft/monitor.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

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
  double have = mdm_memory_available();
  mdm_memory_limit(have);
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

/* Bytes free on the disk where `output` is to stand; infinite where the system does not tell. */
static double free_on_disk(const char *output) {
  char *folder = strdup(output), *slash = folder ? strrchr(folder, '/') : NULL;
  struct statvfs s;
  if (slash) slash[slash == folder] = '\0';
  int known = folder && statvfs(slash ? folder : ".", &s) == 0;
  free(folder);
  return known ? (double)s.f_bavail * (double)s.f_frsize : INFINITY;
}

int memory_announce(const arguments *a, const char *output, double need, double have, mdm_error *err) {
  if (!a->quiet && need > 0) fprintf(stderr, "moedmft: about %.3g GB of memory needed; checkpoints take no more on the disk\n", need / 1e9);
  if (!a->quiet && output && free_on_disk(output) < need)
    fprintf(stderr, "moedmft: %s: %.3g GB are free on the disk; checkpoints that do not fit are left out, which a notice tells then\n", output, free_on_disk(output) / 1e9);
  return memory_check(need, have, err);
}

int memory_check(double need, double have, mdm_error *err) {
  if (need > have)
    return mdm_fail(err, MDM_ERR_MEMORY,
                    "about %.3g GB of memory needed, %.3g GB are available; lower solve.particles, solve.widths, simulate.widths, "
                    "model.depth, data.train, train.steps or --threads",
                    need / 1e9, have / 1e9);
  return MDM_OK;
}
