/* Powers through squared deviations: closed forms, bounds, and what is not known. */
#include <math.h>
#include <string.h>

#include <moedmft/compare.h>

#include "study/power_fit.h"
#include "support/suite.h"

static const double x[4] = {16, 32, 64, 128};

/* d2 = A² x^(−2p), errors the same fraction of the first everywhere. */
static void make(double p, double fraction, double d2[4], double s2[4]) {
  for (int i = 0; i < 4; i++) d2[i] = 0.04 * pow(x[i] / x[0], -2 * p), s2[i] = 0.04 * fraction;
}

/* χ² of the best amplitude, written down again. */
static double chi2(size_t n, const double *d2, const double *s2, double p) {
  double fd = 0, ff = 0, sum = 0;
  for (size_t i = 0; i < n; i++) fd += pow(x[i] / x[0], -2 * p) * d2[i] / (s2[i] * s2[i]), ff += pow(x[i] / x[0], -4 * p) / (s2[i] * s2[i]);
  for (size_t i = 0; i < n; i++) sum += pow((d2[i] - fmax(0, fd / ff) * pow(x[i] / x[0], -2 * p)) / s2[i], 2);
  return sum;
}

/* Through two points, and through points on a power, the power is exact; the error spans where χ² has risen by one. */
static void test_exact(void) {
  double d2[4], s2[4];
  for (double p = -0.7; p < 2; p += 0.45) {
    make(p, 0.001, d2, s2);
    mdm_fitted_power all = mdm_fit_power(4, x, d2, s2, 2), two = mdm_fit_power(2, x, d2, s2, 2);
    CU_ASSERT_DOUBLE_EQUAL(all.exponent, p, 1e-7);
    CU_ASSERT_DOUBLE_EQUAL(two.exponent, p, 1e-7);
    CU_ASSERT(!all.bound && all.error > 0 && all.error < 0.1);
    double right = p, left = p; /* a search by small steps instead */
    while (chi2(4, d2, s2, right) < 1) right += 1e-5;
    while (chi2(4, d2, s2, left) < 1) left -= 1e-5;
    CU_ASSERT_DOUBLE_EQUAL(all.error, 0.5 * (right - left), 2e-5);
  }
}

/* Noise that no power describes enlarges the error by the root of the reduced χ². */
static void test_enlarged(void) {
  double d2[4], s2[4];
  make(1, 0.001, d2, s2);
  d2[1] *= 1.05, d2[3] *= 0.5;
  mdm_fitted_power a = mdm_fit_power(4, x, d2, s2, 2);
  double lowest = chi2(4, d2, s2, a.exponent), right = a.exponent, left = a.exponent;
  CU_ASSERT_FATAL(lowest / 2 > 1);
  CU_ASSERT(chi2(4, d2, s2, a.exponent + 1e-4) > lowest && chi2(4, d2, s2, a.exponent - 1e-4) > lowest);
  while (chi2(4, d2, s2, right) < lowest * 1.5) right += 1e-5;
  while (chi2(4, d2, s2, left) < lowest * 1.5) left -= 1e-5;
  CU_ASSERT_DOUBLE_EQUAL(a.error, 0.5 * (right - left), 2e-5);
  CU_ASSERT_DOUBLE_EQUAL(a.chi2, lowest / 2, 1e-6);
  CU_ASSERT(isnan(mdm_fit_power(2, x, d2, s2, 2).chi2));
}

/* A deviation at the first width alone: p is large, how large is not known. One that grows as fast as the range allows: p is low. */
static void test_bounds(void) {
  const double falls[4] = {0.04, 0, 0, 0}, grows[4] = {1e-4, 1e-3, 0.05, 2}, s2[4] = {0.002, 0.002, 0.002, 0.002};
  mdm_fitted_power a = mdm_fit_power(4, x, falls, s2, 2), b = mdm_fit_power(4, x, grows, s2, 2);
  CU_ASSERT(a.bound == 1 && isinf(a.error) && a.exponent > 1 && a.exponent < 4);
  CU_ASSERT_DOUBLE_EQUAL(chi2(4, falls, s2, a.exponent), chi2(4, falls, s2, 4) + 4, 1e-6); /* two standard errors */
  CU_ASSERT(b.bound == -1 && b.exponent < 0);
  mdm_fitted_power careful = mdm_fit_power(4, x, falls, s2, 5); /* errors from few runs: the bound lies lower */
  CU_ASSERT(careful.bound == 1 && careful.exponent < a.exponent);
}

static void test_unknown(void) {
  const double noise[4] = {0.003, -0.002, 0.001, 0.002}, s2[4] = {0.002, 0.002, 0.002, 0.002}, gap[4] = {0.002, NAN, 0.002, 0.002},
               big[4] = {1, 0.5, 0.25, 0.125}, zero[4] = {0, 0, 0, 0};
  CU_ASSERT(isnan(mdm_fit_power(4, x, noise, s2, 2).exponent) && isnan(mdm_fit_power(4, x, noise, s2, 2).error));
  CU_ASSERT(isnan(mdm_fit_power(4, x, big, gap, 2).exponent));
  CU_ASSERT(isnan(mdm_fit_power(4, x, big, zero, 2).exponent));
  CU_ASSERT(isnan(mdm_fit_power(1, x, big, s2, 2).exponent));
  CU_ASSERT(isnan(mdm_fit_power(4, x, big, s2, NAN).exponent)); /* too few runs */
}

/* What is printed: never "nan", never "N^--". */
static void test_words(void) {
  static const struct {
    const char *name;
    double p, error;
    int bound;
    const char *text;
  } rows[] = {{"p", 0.98, 0.05, 0, "p = 0.98 +- 0.05"}, {"p", -0.1, 0.02, 0, "p = -0.10 +- 0.02"}, {"p", 3.1, INFINITY, 1, "p > 3.10"},
              {"p", -0.5, INFINITY, -1, "p < -0.50"},   {"p", NAN, NAN, 0, "p unknown"},          {NULL, 0.98, 0.05, 0, "0.98 +- 0.05"},
              {NULL, 3.1, INFINITY, 1, "> 3.10"},       {NULL, NAN, NAN, 0, "-"},                 {NULL, 1, NAN, 0, "1.00"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char text[64];
    mdm_power_text(rows[i].name, rows[i].p, rows[i].error, rows[i].bound, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, rows[i].text);
  }
}

static const test_case tests[] = {
    {"exact powers and their errors", test_exact}, {"errors grow with the reduced chi^2", test_enlarged}, {"ends of the range are bounds", test_bounds},
    {"what is not known", test_unknown},           {"words", test_words},
};

SUITE("study/power_fit", tests)
