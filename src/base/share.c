#include "base/share.h"

#include <omp.h>

/* Some 20 µs on one core; a task costs one or two. */
static const double LEAST_WORK = 5e5;

int mdm_shares(double work) { return work >= LEAST_WORK && omp_get_num_threads() > 1; }
