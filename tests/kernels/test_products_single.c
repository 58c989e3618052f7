/* Products with few tokens in single precision. */
#define _DEFAULT_SOURCE
#undef MDM_SINGLE
#define MDM_SINGLE 1
#include "kernels/products_tests.h"

SUITE("kernels/products, single", tests)
