/* Populations whose moments are matched in groups; bases of fields with twins, whose inner product is without noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "realization/basis.h"
#include "realization/gram.h"
#include "support/suite.h"

static void draw(unsigned long seed, size_t n, double scale, double *out) {
  normals_f64((mdm_stream){.seed = seed}, 0, n, out);
  for (size_t i = 0; i < n; i++) out[i] *= scale;
}

static double mean_product(size_t n, const double *a, const double *b) { return cblas_ddot(n, a, 1, b, 1) / (double)n; }

/* Fresh columns have zero mean, unit second moments and no overlap with what was noted in every group; a column that is nothing in one
 * group does no harm there. */
static void groups_are_matched(void) {
  enum { GROUP = 60, GROUPS = 3, COUNT_ = 4, ALL = GROUP * GROUPS };
  population_f64 pop;
  mdm_error err = {0};
  double noted[2 * ALL], fresh[COUNT_ * ALL];
  CU_ASSERT_FATAL(!population_init_f64(&pop, "neuron", ALL, &err));
  pop.groups = GROUPS;
  draw(1, 2 * ALL, 1, noted);
  for (size_t i = GROUP; i < 2 * GROUP; i++) noted[i] = 0; /* an expert that serves nobody */
  CU_ASSERT_FATAL(!population_note_f64(&pop, 2, noted, &err));
  CU_ASSERT_FATAL(!population_fresh_f64(&pop, (mdm_stream){.seed = 2}, 0, COUNT_, fresh, &err));
  for (size_t at = 0; at < ALL; at += GROUP)
    for (size_t c = 0; c < COUNT_; c++) {
      const double *column = fresh + ALL * c + at;
      double sum = 0;
      for (size_t i = 0; i < GROUP; i++) sum += column[i];
      CU_ASSERT_DOUBLE_EQUAL(sum, 0, 1e-10);
      for (size_t d = 0; d <= c; d++) CU_ASSERT_DOUBLE_EQUAL(mean_product(GROUP, column, fresh + ALL * d + at), c == d, 1e-10);
      for (size_t k = 0; k < 2; k++) CU_ASSERT_DOUBLE_EQUAL(mean_product(GROUP, column, noted + ALL * k + at), 0, 1e-10);
    }
  population_clear_f64(&pop);
}

/* Two samples of a signal of few directions, each with noise of its own that is ten times as large: the basis gives back their products
 * at one step and between steps, and its directions are orthonormal in that product, some of negative square. */
static void products_of_twins(void) {
  enum { EXPERTS = 500, TOKENS = 5, STEPS = 3, N = 2 * EXPERTS };
  population_f64 pop;
  basis_f64 b;
  mdm_error err = {0};
  double *v[STEPS], *twin[STEPS], *c[STEPS];
  size_t k[STEPS], negative = 0;
  CU_ASSERT_FATAL(!population_init_f64(&pop, "expert", EXPERTS, &err));
  basis_init_f64(&b, &pop, 1, 1e-4);
  for (size_t t = 0; t < STEPS; t++) {
    double *signal = malloc(EXPERTS * TOKENS * sizeof *signal);
    v[t] = malloc(N * TOKENS * sizeof *v[t]);
    twin[t] = malloc(N * TOKENS * sizeof *twin[t]);
    draw(10 + t, EXPERTS * TOKENS, 0.1, signal);
    draw(20 + t, N * TOKENS, 1, v[t]);
    for (size_t i = 0; i < N * TOKENS; i++) v[t][i] += signal[i / 2];
    for (size_t i = 0; i < N * TOKENS; i++) twin[t][i] = v[t][i ^ 1];
    free(signal);
    field_f64 f = {.n = N, .P = TOKENS, .v = v[t], .twin = twin[t], .id = t + 1};
    CU_ASSERT_FATAL(!basis_absorb_f64(&b, &f, &err));
    k[t] = b.k_c;
    c[t] = malloc(b.k_c * TOKENS * sizeof *c[t]);
    for (size_t i = 0; i < b.k_c * TOKENS; i++) c[t][i] = basis_driving_f64(&b)[i] + basis_excess_f64(&b)[i];
  }
  for (size_t t = 0; t < STEPS; t++)
    for (size_t s = 0; s <= t; s++)
      for (size_t m = 0; m < TOKENS; m++)
        for (size_t n = 0; n < TOKENS; n++) {
          double sum = 0;
          for (size_t i = 0; i < k[s]; i++) sum += b.square[i] * c[t][i + k[t] * m] * c[s][i + k[s] * n];
          CU_ASSERT_DOUBLE_EQUAL(sum, mean_product(N, v[t] + N * m, twin[s] + N * n), 1e-3); /* tolerance × the noise, 1 */
        }
  for (size_t i = 0; i < b.k; i++) {
    negative += b.square[i] < 0;
    for (size_t j = 0; j <= i; j++) CU_ASSERT_DOUBLE_EQUAL(mean_product(N, b.U + N * i, b.twin + N * j), i == j ? b.square[i] : 0, 1e-8);
  }
  CU_ASSERT(negative > 0 && negative < b.k);
  for (size_t t = 0; t < STEPS; t++) free(v[t]), free(twin[t]), free(c[t]);
  basis_clear_f64(&b);
  population_clear_f64(&pop);
}

/* Fields of twins that hardly change: what is new is 1e-6 of each, and one projection would leave rounding 1e6 times as large beside it, step after
 * step. What is left is small, and is watched. */
static void orthogonality_of_twins(void) {
  enum { EXPERTS = 200, STEPS = 30, N = 2 * EXPERTS };
  population_f64 pop;
  basis_f64 b;
  mdm_error err = {0};
  double first[EXPERTS], fresh[EXPERTS], v[N], most = 0;
  CU_ASSERT_FATAL(!population_init_f64(&pop, "expert", EXPERTS, &err));
  basis_init_f64(&b, &pop, 1, 1e-7);
  draw(31, EXPERTS, 1, first);
  for (size_t t = 0; t < STEPS; t++) {
    draw(32 + t, EXPERTS, 1e-6, fresh);
    for (size_t i = 0; i < N; i++) v[i] = first[i / 2] += i % 2 ? 0 : fresh[i / 2];
    field_f64 f = {.n = N, .P = 1, .v = v, .twin = v, .id = t + 1};
    CU_ASSERT_FATAL(!basis_absorb_f64(&b, &f, &err));
  }
  CU_ASSERT_EQUAL(b.k, STEPS);
  for (size_t i = 0; i < b.k; i++)
    for (size_t j = 0; j <= i; j++) most = fmax(most, fabs(mean_product(N, b.U + N * i, b.twin + N * j) - (i == j)));
  CU_ASSERT(most < 1e-13);
  CU_ASSERT(b.overlap > 0 && b.overlap < 2 * most && b.overlap > 0.2 * most);
  basis_clear_f64(&b);
  population_clear_f64(&pop);
}

/* Twins stand side by side: two experts, two tokens. */
static void means_of_twins(void) {
  const double in[8] = {1, 3, 2, 7, 5, 5, -1, 3};
  double mean[4], spread[8] = {1, 1, 1, 1, 0, 0, 0, 0};
  mean_over_twins_f64(2, 2, in, mean);
  CU_ASSERT(mean[0] == 2 && mean[1] == 4.5 && mean[2] == 5 && mean[3] == 1);
  spread_over_twins_f64(2, 2, mean, 1, spread);
  for (int i = 0; i < 8; i++) CU_ASSERT_EQUAL(spread[i], mean[i / 2] + (i < 4));
}

/* ⟨v twin⟩ and ⟨v v⟩ − ⟨noise noise⟩. */
static void squares_without_noise(void) {
  double v[6] = {1, 2, 3, 4, 5, 6}, other[6] = {2, 1, 4, 3, 6, 5}, noise[6] = {1, 0, 1, 0, 1, 1}, gram[4];
  mdm_error err = {0};
  field_f64 f = {.n = 3, .P = 2, .v = v};
  CU_ASSERT_FATAL(!gram_f64(&f, 2, gram, &err));
  CU_ASSERT_DOUBLE_EQUAL(gram[1], 32.0 / 3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(square_of_f64(&f), 91, 1e-12);
  f.noise = noise;
  CU_ASSERT_FATAL(!gram_f64(&f, 2, gram, &err));
  CU_ASSERT_DOUBLE_EQUAL(gram[1], 31.0 / 3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(gram[0], 12.0 / 3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(square_of_f64(&f), 87, 1e-12);
  f.noise = NULL;
  f.twin = other;
  CU_ASSERT_FATAL(!gram_f64(&f, 2, gram, &err));
  CU_ASSERT_DOUBLE_EQUAL(gram[0], 16.0 / 3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(square_of_f64(&f), 88, 1e-12);
}

/* out (n × k): random columns with outᵀ out / n = 1. */
static void orthonormal(unsigned long seed, size_t n, size_t k, double *out) {
  mdm_error err = {0};
  population_f64 pop;
  draw(seed, n * k, 1, out);
  CU_ASSERT_FATAL(!population_init_f64(&pop, "stream", n, &err));
  CU_ASSERT_FATAL(!whiten_f64(&pop, 1, k, out, &err));
  population_clear_f64(&pop);
}

/* Largest eigenvalue of the kernel of what a basis leaves out of a field (n × P). */
static double left_out(const basis_f64 *b, size_t n, size_t P, const double *v) {
  double *rest = malloc(n * P * sizeof *rest), *kernel = malloc(P * P * sizeof *kernel), *w = malloc(P * sizeof *w), most;
  memcpy(rest, v, n * P * sizeof *rest);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, P, b->k, -1, b->U, n, b->c, b->k_c, 1, rest, n);
  cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, P, n, 1.0 / (double)n, rest, n, 0, kernel, P);
  CU_ASSERT_FATAL(!mdm_eigen_f64(P, kernel, w));
  most = w[P - 1];
  free(rest), free(kernel), free(w);
  return most;
}

/* v (n × P): RANK directions, the first of variance 1 in the kernel, each next one's a factor less. */
enum { MANY = 640, SAMPLES_ = 600, RANK = 200 };
static void decaying(unsigned long seed, double factor, double *v) {
  double *left = malloc(MANY * RANK * sizeof *left), *right = malloc(SAMPLES_ * RANK * sizeof *right);
  orthonormal(seed, MANY, RANK, left);
  orthonormal(seed + 1, SAMPLES_, RANK, right);
  for (size_t i = 0; i < RANK; i++) cblas_dscal(MANY, sqrt(pow(factor, (double)i) / SAMPLES_), left + MANY * i, 1);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, MANY, SAMPLES_, RANK, 1, left, MANY, right, SAMPLES_, 0, v, MANY);
  free(left), free(right);
}

/* Large fields are sketched: of a decaying spectrum nothing above the threshold is left out, hardly more directions are taken than it asks for,
 * and coordinates are overlaps with directions that are orthonormal. Then the same field with one direction more, just above the threshold;
 * then a spectrum that does not decay, for which a sketch gives up. */
static void large_fields(void) {
  population_f64 pop;
  basis_f64 b;
  mdm_error err = {0};
  double *v = malloc(MANY * SAMPLES_ * sizeof *v), *more = malloc(MANY * SAMPLES_ * sizeof *more), tolerance = 0.02, mean, first[MANY], along[SAMPLES_];
  CU_ASSERT_FATAL(!population_init_f64(&pop, "stream", MANY, &err));
  basis_init_f64(&b, &pop, 0, tolerance);
  decaying(31, 0.9, v);
  mean = cblas_ddot(MANY * SAMPLES_, v, 1, v, 1) / (MANY * SAMPLES_);
  CU_ASSERT_FATAL(!basis_absorb_f64(&b, &(field_f64){.n = MANY, .P = SAMPLES_, .v = v, .id = 1}, &err));
  double threshold = tolerance * tolerance * mean;
  size_t asked = (size_t)ceil(log(threshold) / log(0.9)), k = b.k;
  CU_ASSERT_PTR_NULL(b.gram); /* no kernel was formed */
  CU_ASSERT(k >= asked && k <= asked + 4);
  CU_ASSERT(left_out(&b, MANY, SAMPLES_, v) <= threshold);
  CU_ASSERT(left_out(&b, MANY, SAMPLES_, v) > 0.5 * threshold);
  for (size_t i = 0; i < b.k; i++)
    for (size_t j = 0; j <= i; j++) CU_ASSERT_DOUBLE_EQUAL(mean_product(MANY, b.U + MANY * i, b.U + MANY * j), i == j, 1e-12);
  for (size_t i = 0; i < b.k; i++) CU_ASSERT_DOUBLE_EQUAL(b.c[i + b.k_c * 7], mean_product(MANY, b.U + MANY * i, v + MANY * 7), 1e-12);

  orthonormal(41, MANY, 1, first);
  orthonormal(42, SAMPLES_, 1, along);
  memcpy(more, v, MANY * SAMPLES_ * sizeof *v);
  cblas_dger(CblasColMajor, MANY, SAMPLES_, sqrt(1.2 * threshold / SAMPLES_), first, 1, along, 1, more, MANY);
  CU_ASSERT_FATAL(!basis_absorb_f64(&b, &(field_f64){.n = MANY, .P = SAMPLES_, .v = more, .id = 2}, &err));
  CU_ASSERT(b.k > k && b.k <= k + 4);
  CU_ASSERT(left_out(&b, MANY, SAMPLES_, more) <= threshold * 1.001);

  basis_clear_f64(&b);
  basis_init_f64(&b, &pop, 0, tolerance);
  draw(51, MANY * SAMPLES_, 1, v);
  CU_ASSERT_FATAL(!basis_absorb_f64(&b, &(field_f64){.n = MANY, .P = SAMPLES_, .v = v, .id = 3}, &err));
  CU_ASSERT_EQUAL(b.k, SAMPLES_);
  CU_ASSERT_PTR_NOT_NULL(b.gram);
  basis_clear_f64(&b);
  population_clear_f64(&pop);
  free(v), free(more);
}

static const test_case tests[] = {
    {"means of twins", means_of_twins},
    {"moments of groups are matched", groups_are_matched},
    {"products of twins", products_of_twins},
    {"directions of twins stay orthonormal", orthogonality_of_twins},
    {"squares without noise", squares_without_noise},
    {"large fields are sketched", large_fields},
};

SUITE("realization/basis", tests)
