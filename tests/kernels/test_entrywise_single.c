/* Entrywise steps in single precision. */
#undef MDM_SINGLE
#define MDM_SINGLE 1
#include "kernels/entrywise_tests.h"

SUITE("kernels/entrywise, single", tests)
