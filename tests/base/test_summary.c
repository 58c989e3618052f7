/* Quantiles, histograms, divergence and alignment of known numbers. */
#include <math.h>

#include "base/summary.h"
#include "support/suite.h"

enum { P = 4 };

/* Of 1 … n, quantile p of this estimator is p (n + 1/3) + 1/3, inside 1 … n. */
static void quantiles_of_known_numbers(void) {
  double x[10], q[MDM_QUANTILES];
  for (int i = 0; i < 10; i++) x[i] = (double)((7 * i) % 10) + 1; /* a permutation */
  mdm_quantiles(10, x, q);
  for (int k = 0; k < MDM_QUANTILES; k++)
    CU_ASSERT_DOUBLE_EQUAL(q[k], fmin(10, fmax(1, mdm_probability[k] * (10 + 1.0 / 3) + 1.0 / 3)), 1e-12);
  static double many[10007]; /* the permutation 3 i of the residues of a prime, and an atom of a fifth of them */
  for (size_t i = 0; i < 10007; i++) many[i] = fmax(2001, (double)((3 * i) % 10007));
  mdm_quantiles(10007, many, q);
  for (int k = 0; k < MDM_QUANTILES; k++)
    CU_ASSERT_DOUBLE_EQUAL(q[k], fmax(2001, mdm_probability[k] * (10007 + 1.0 / 3) - 2.0 / 3), 1e-9);
  x[0] = -3;
  mdm_quantiles(1, x, q);
  for (int k = 0; k < MDM_QUANTILES; k++) CU_ASSERT_EQUAL(q[k], -3);
  mdm_quantiles(0, x, q);
  CU_ASSERT(isnan(q[4]));
}

static void histogram_of_known_numbers(void) {
  const double x[8] = {-1.5, -1, -0.6, 0, 0.5, 0.99, 1, 7};
  const double expected[6] = {1, 2, 0, 1, 3, 1}; /* below; [-1,-0.5) [-0.5,0) [0,0.5) [0.5,1]; above */
  double out[6];
  mdm_histogram(8, x, 4, -1, 1, out);
  for (int k = 0; k < 6; k++) CU_ASSERT_DOUBLE_EQUAL(out[k], expected[k] / 8, 1e-15);
}

/* Of n numbers those between 1/(1.5 n + 0.5) and its complement: 1 % of 66, 5 % of 13, 10 % of 7, 25 % of 3. */
static void extremes_are_blanked(void) {
  static const size_t numbers[] = {1, 2, 3, 6, 7, 12, 13, 65, 66, 1000};
  for (size_t i = 0; i < COUNT(numbers); i++) {
    double q[MDM_QUANTILES];
    for (int k = 0; k < MDM_QUANTILES; k++) q[k] = 1;
    mdm_blank_extremes(numbers[i], q);
    for (int k = 0; k < MDM_QUANTILES; k++) {
      double rarer = fmin(mdm_probability[k], 1 - mdm_probability[k]);
      CU_ASSERT_EQUAL(isnan(q[k]) != 0, rarer * (1.5 * (double)numbers[i] + 0.5) < 1 - 1e-12);
    }
  }
}

static void divergence_of_known_weights(void) {
  const double equal[4] = {2, 2, 2, 2}, one[4] = {0, 5, 0, 0}, zero[4] = {0}, half[4] = {1, 1, 0, 0};
  CU_ASSERT_DOUBLE_EQUAL(mdm_divergence(4, equal), 0, 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(mdm_divergence(4, one), log(4), 1e-15);
  CU_ASSERT_DOUBLE_EQUAL(mdm_divergence(4, half), log(2), 1e-15);
  CU_ASSERT(isnan(mdm_divergence(4, zero)));
}

/* 1 for y yᵀ whatever constant and offset, 0 for a direction orthogonal to centred targets, NaN without variation. */
static void alignment_of_known_kernels(void) {
  const double y[P] = {1, -1, -1, 3}, other[P] = {1, 1, -1, -0.5}, same[P] = {1, 1, 1, 1};
  double k[P * P], work[P], centred[P], dot = 0, norm = 0;
  for (int i = 0; i < P * P; i++) k[i] = 3 * y[i / P] * y[i % P] + 0.7;
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, y, 1e-16, work), 1, 1e-14);
  for (int i = 0; i < P; i++) centred[i] = y[i] - 0.5, dot += centred[i] * (other[i] - 0.125), norm += centred[i] * centred[i];
  for (int i = 0; i < P * P; i++) k[i] = (other[i / P] - dot / norm * centred[i / P]) * (other[i % P] - dot / norm * centred[i % P]);
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, y, 1e-16, work), 0, 1e-14);
  for (int i = 0; i < P * P; i++) k[i] = i / P == i % P;
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 1, k, y, 1e-16, work), 1 / sqrt(3), 1e-14); /* no kernel but H itself */
  CU_ASSERT(isnan(mdm_alignment(P, 1, k, same, 1e-16, work)));
}

/* Equal targets whose mean is not exact: no variation either, and no rounding in its place. */
static void alignment_of_equal_targets(void) {
  enum { N = 7 };
  double y[N], work[N], k[N * N];
  for (int i = 0; i < N; i++) y[i] = 0.1;
  for (int i = 0; i < N * N; i++) k[i] = i / N == i % N;
  CU_ASSERT(isnan(mdm_alignment(N, 1, k, y, 1e-16, work)));
  for (int i = 0; i < N; i++) y[i] = i;
  for (int i = 0; i < N * N; i++) k[i] = 0.1;
  CU_ASSERT(isnan(mdm_alignment(N, 1, k, y, 1e-16, work)));
  for (int i = 0; i < N * N; i++) k[i] = 0.1 * (1 + 1e-16 * (i % 3)); /* rounding is no variation, unless entries are more precise */
  CU_ASSERT(isnan(mdm_alignment(N, 1, k, y, 1e-16, work)));
  for (int i = 0; i < N * N; i++) k[i] = 0.1 * (1 + 1e-6 * (i / N % 3) * (i % N % 3));
  CU_ASSERT(isnan(mdm_alignment(N, 1, k, y, 1e-7, work)));
  for (int i = 0; i < N * N; i++) k[i] = 0.1 * (1 + 1e-6 * (i / N % 3) * (i % N % 3));
  CU_ASSERT(isfinite(mdm_alignment(N, 1, k, y, 1e-16, work)));
}

/* Two outputs: Σ over outputs of y yᵀ. */
static void alignment_of_several_outputs(void) {
  const double y[2 * P] = {1, 0, 1, 0, 0, 1, 0, 1};
  double k[P * P], work[2 * P];
  for (int i = 0; i < P * P; i++) k[i] = y[2 * (i / P)] * y[2 * (i % P)] + y[2 * (i / P) + 1] * y[2 * (i % P) + 1];
  CU_ASSERT_DOUBLE_EQUAL(mdm_alignment(P, 2, k, y, 1e-16, work), 1, 1e-14);
}

static const test_case tests[] = {
    {"quantiles of known numbers", quantiles_of_known_numbers},
    {"histogram of known numbers", histogram_of_known_numbers},
    {"quantiles beyond the first and last number are blanked", extremes_are_blanked},
    {"divergence of known weights", divergence_of_known_weights},
    {"alignment of known kernels", alignment_of_known_kernels},
    {"alignment of equal targets, and of a kernel without variation", alignment_of_equal_targets},
    {"alignment with several outputs", alignment_of_several_outputs},
};

SUITE("base/summary", tests)
