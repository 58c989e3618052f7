/* Random numbers: moments, and that a number depends on its key alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/suite.h"

static void normals_have_normal_moments(void) {
  enum { N = 200001 }; /* odd: the tail of the last block counts too */
  double *x = malloc(N * sizeof *x), m1 = 0, m2 = 0, m4 = 0;
  mdm_normals((mdm_stream){7, 3, 5, 0, 0, 0}, 11, N, x);
  for (int i = 0; i < N; i++) m1 += x[i] / N, m2 += x[i] * x[i] / N, m4 += pow(x[i], 4) / N;
  CU_ASSERT(fabs(m1) < 4 / sqrt(N));
  CU_ASSERT(fabs(m2 - 1) < 4 * sqrt(2.0 / N));
  CU_ASSERT(fabs(m4 - 3) < 4 * sqrt(96.0 / N));
  free(x);
}

static void normals_depend_on_their_key_alone(void) {
  double a[700], b[700], c[700];
  mdm_stream key = {1, 2, 3, 0, 0, 0};
  mdm_normals(key, 4, 700, a);
  mdm_normals(key, 4, 301, b); /* fewer particles: the same first ones */
  CU_ASSERT(memcmp(a, b, 301 * sizeof *a) == 0);
  const mdm_stream others[] = {{2, 2, 3, 0, 0, 0}, {1, 3, 3, 0, 0, 0}, {1, 2, 4, 0, 0, 0}, {1, 2, 3, 64, 0, 0}, {1, 2, 3, 0, 1, 0}};
  for (int i = 0; i < 6; i++) { /* another seed, run, purpose, width, block or column: nothing in common */
    double dot = 0;
    mdm_normals(i < 5 ? others[i] : key, i < 5 ? 4 : 5, 700, c);
    for (int k = 0; k < 700; k++) dot += a[k] * c[k];
    CU_ASSERT(fabs(dot) < 5 * sqrt(700));
    CU_ASSERT(a[0] != c[0]);
  }
}

static const test_case tests[] = {
    {"normals have normal moments", normals_have_normal_moments},
    {"normals depend on their key alone", normals_depend_on_their_key_alone},
};

SUITE("base/random", tests)
