/* Pauses (wait.h). */
#define _POSIX_C_SOURCE 200809L
#include "cluster/wait.h"

#include <time.h>

static const double SHORTEST = 5e-5, LONGEST = 2e-3; /* seconds: two or so of a small message; a look costs some 5 µs, 0.3 % of the longest */

void mdm_wait(double *pause) {
  *pause = *pause < SHORTEST ? SHORTEST : *pause < LONGEST / 1.5 ? 1.5 * *pause : LONGEST;
  nanosleep(&(struct timespec){0, (long)(1e9 * *pause)}, NULL);
}
