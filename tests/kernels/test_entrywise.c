/* Entrywise steps in double precision. */
#include "kernels/entrywise_tests.h"

SUITE("kernels/entrywise", tests)
