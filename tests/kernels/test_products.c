/* Products with few tokens in double precision. */
#define _DEFAULT_SOURCE
#include "kernels/products_tests.h"

SUITE("kernels/products", tests)
