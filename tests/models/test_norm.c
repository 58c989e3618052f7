/* Normalization of the stream: values by sums, and the gradient against finite differences, with an ε as large as the stream's square. */
#include "models/norm.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

enum { S = 5, P = 2 };
static const double eps = 0.4, stream[S * P] = {0.3, -0.8, 0.5, 1.1, -0.2, 0.9, 0.1, -0.4, 0.6, 0.7};

/* n and s of one token, written down. */
static double by_hand(mdm_norm kind, const double *h, double n[S]) {
  double mean = 0, square = 0;
  for (int i = 0; i < S; i++) mean += kind == MDM_NORM_LAYER ? h[i] / S : 0;
  for (int i = 0; i < S; i++) square += (h[i] - mean) * (h[i] - mean) / S;
  for (int i = 0; i < S; i++) n[i] = (h[i] - mean) / sqrt(square + eps);
  return sqrt(square + eps);
}

static void values_by_hand(void) {
  for (int k = 0; k < 2; k++) {
    mdm_norm kind = k ? MDM_NORM_LAYER : MDM_NORM_RMS;
    double n[S * P], scale[P], expected[S];
    X(norm_forward)(kind, eps, S, P, stream, n, scale);
    for (int t = 0; t < P; t++) {
      CU_ASSERT_DOUBLE_EQUAL(scale[t], by_hand(kind, stream + S * t, expected), 1e-14);
      for (int i = 0; i < S; i++) CU_ASSERT_DOUBLE_EQUAL(n[i + S * t], expected[i], 1e-14);
    }
  }
}

/* Jζ is the gradient of Σ ζ n with respect to h. */
static void gradients(void) {
  static const double zeta[S * P] = {1, -0.5, 0.3, 0.2, -0.7, 0.4, 0.8, -0.1, 0.6, -0.9};
  const double factor = 1.5, step = 1e-5;
  for (int k = 0; k < 2; k++) {
    mdm_norm kind = k ? MDM_NORM_LAYER : MDM_NORM_RMS;
    double n[S * P], scale[P], out[S * P], h[S], moved[S];
    X(norm_forward)(kind, eps, S, P, stream, n, scale);
    X(norm_backward)(kind, S, P, n, scale, zeta, factor, 0, out);
    for (int t = 0; t < P; t++)
      for (int i = 0; i < S; i++) {
        double slope = 0;
        for (int side = -1; side <= 1; side += 2) {
          memcpy(h, stream + S * t, sizeof h);
          h[i] += side * step;
          by_hand(kind, h, moved);
          for (int j = 0; j < S; j++) slope += side * zeta[j + S * t] * moved[j] / (2 * step);
        }
        CU_ASSERT_DOUBLE_EQUAL(out[i + S * t], factor * slope, 1e-9);
      }
  }
}

static const test_case tests[] = {
    {"values by hand", values_by_hand},
    {"gradients", gradients},
};

SUITE("models/norm", tests)
