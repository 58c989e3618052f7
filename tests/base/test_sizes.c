/* Numbers from files as whole numbers, and arrays for which there is no memory. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <moedmft/monitor.h>

#include "base/memory.h"
#include "base/number.h"
#include "support/suite.h"

static void test_whole(void) {
  CU_ASSERT(mdm_real_whole(3.7) == 3 && mdm_real_whole(-3.7) == -3 && mdm_real_whole(NAN) == 0);
  CU_ASSERT(mdm_real_whole(INFINITY) == 1L << 53 && mdm_real_whole(1e300) == 1L << 53 && mdm_real_whole(-INFINITY) == -(1L << 53));
}

/* More than is free, though the system would promise it; and what overflows. */
static void test_memory(void) {
  size_t more = (size_t)mdm_memory_available() + ((size_t)1 << 30);
  void *a = mdm_alloc(more, 1, 1, 1), *b = mdm_alloc(SIZE_MAX / 4, 8, 1, 1), *c = mdm_alloc(1000, 0, 1, 8);
  CU_ASSERT(!mdm_memory_fits(more) && mdm_memory_fits(1 << 20));
  CU_ASSERT(!a && !b && c);
  free(a);
  free(b);
  free(c);
}

static const test_case tests[] = {{"whole numbers", test_whole}, {"memory that is not there", test_memory}};
SUITE("base/sizes", tests)
