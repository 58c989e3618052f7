/* Tests of entrywise steps, in the precision MDM_SINGLE says, for every instruction set that the processor has. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/processor.h"
#include "kernels/entrywise.h"
#include "kernels/entrywise_table.h"
#include "kernels/products.h"
#include "support/suite.h"

enum { STEPS = 5, LD = 41, COLUMNS = MDM_ENTRYWISE_COLUMNS + 1, ALL = LD * COLUMNS };
#define TOLERANCE (MDM_SINGLE ? 5e-7 : 1e-15)

static X(entrywise_kernel) *kernel_of(mdm_vectors v) {
  return v == MDM_VECTORS_AVX512 ? X(entrywise_avx512)() : v == MDM_VECTORS_AVX2 ? X(entrywise_avx2)() : X(entrywise_plain)();
}

/* ---------------------------------------------------------------- one entry */

/* Gradients of several sizes; every fifth entry never has one, every seventh has only one in step 2. */
static double gradient(size_t i, size_t t) {
  if (i % 5 == 0 || (i % 7 == 3 && t != 2)) return 0;
  return cos(1.3 * (double)i + 2.1 * (double)t) * pow(10, -(double)(i % 6));
}

static double weight(size_t i) { return (double)(real)sin((double)i); }

typedef struct {
  int adam;
  double beta1, beta2, eps, keep, clip;
} step_case;

static const step_case cases[] = {{1, 0.9, 0.999, 1e-8, 1, 1}, {1, 0.9, 0.99, 0.1, 0.95, 1}, {1, 0.9, 0.999, 0, 0.9, 0.3}, {1, 0, 0, 0, 1, 1},
                                  {1, 0, 0.9, 1e4, 1, 2},      {0, 0, 0, 0, 1, 1},           {0, 0, 0, 0, 0.9, 0.5}};

static mdm_entrywise numbers(const step_case *c, size_t t) {
  const double eta = 0.1, k = (double)t + 1;
  return (mdm_entrywise){.adam = c->adam, .clip = c->clip, .keep = c->keep, .rate = c->adam ? eta / (1 - pow(c->beta1, k)) : eta, .beta1 = c->beta1,
                         .beta2 = c->beta2, .eps = c->eps, .correct = c->adam ? 1 / sqrt(1 - pow(c->beta2, k)) : 0};
}

/* PyTorch's documentation of Adam, entry by entry, where 0/0 moves nothing; sign descent. */
static double plain(const step_case *c, size_t i) {
  double m = 0, v = 0, A = weight(i);
  for (size_t t = 0; t < STEPS; t++) {
    double g = c->clip * (double)(real)gradient(i, t), k = (double)t + 1;
    m = c->beta1 * m + (1 - c->beta1) * g;
    v = c->beta2 * v + (1 - c->beta2) * g * g;
    double below = sqrt(v / (1 - pow(c->beta2, k))) + c->eps, way = below > 0 ? m / (1 - pow(c->beta1, k)) / below : 0;
    A = c->keep * A - 0.1 * (c->adam ? way : (g > 0) - (g < 0));
  }
  return A;
}

/* All steps of n × columns entries, of which the arrays have more. */
static void steps_of(X(entrywise_kernel) *kernel, const step_case *c, size_t n, size_t columns, real *m, real *v, real *A) {
  real G[ALL];
  for (size_t i = 0; i < ALL; i++) A[i] = (real)weight(i), m[i] = v[i] = 0;
  for (size_t t = 0; t < STEPS; t++) {
    const mdm_entrywise e = numbers(c, t);
    for (size_t i = 0; i < ALL; i++) G[i] = (real)gradient(i, t);
    kernel(&e, &(X(gradient)){.x = G, .ldx = LD}, columns, n, m, v, A, LD);
  }
}

static void check_entries(const step_case *c, size_t n, size_t columns, const real *m, const real *v, const real *A) {
  for (size_t i = 0; i < ALL; i++) {
    if (i % LD < n && i / LD < columns) { CU_ASSERT_DOUBLE_EQUAL((double)A[i], plain(c, i), TOLERANCE); }
    else { CU_ASSERT((double)A[i] == weight(i) && m[i] == 0 && v[i] == 0); } /* nothing outside is touched */
  }
}

static void entry_by_entry(void) {
  static const size_t rows[] = {0, 1, 3, 4, 7, 8, 15, 16, 33, LD};
  real m[ALL], v[ALL], A[ALL];
  for (int set = 0; set <= (int)mdm_vectors_supported(); set++)
    for (size_t k = 0; k < COUNT(cases); k++)
      for (size_t n = 0; n < COUNT(rows); n++) {
        size_t columns = 1 + (n + k) % MDM_ENTRYWISE_COLUMNS;
        if (!kernel_of((mdm_vectors)set)) continue;
        steps_of(kernel_of((mdm_vectors)set), &cases[k], rows[n], columns, m, v, A);
        check_entries(&cases[k], rows[n], columns, m, v, A);
      }
}

/* The same gradient: the same bits. */
static void instruction_sets_agree(void) {
  real m[ALL], v[ALL], A[ALL], mm[ALL], vv[ALL], AA[ALL];
  for (int set = 1; set <= (int)mdm_vectors_supported(); set++)
    for (size_t k = 0; k < COUNT(cases); k++) {
      if (!kernel_of((mdm_vectors)set)) continue;
      steps_of(X(entrywise_plain)(), &cases[k], LD, MDM_ENTRYWISE_COLUMNS, m, v, A);
      steps_of(kernel_of((mdm_vectors)set), &cases[k], LD, MDM_ENTRYWISE_COLUMNS, mm, vv, AA);
      CU_ASSERT(!memcmp(m, mm, sizeof m) && !memcmp(v, vv, sizeof v) && !memcmp(A, AA, sizeof A));
    }
}

/* ---------------------------------------------------------------- gradients of tokens */

enum { N = 1003, COLS = 11, TOKENS = 61 };

static real *numbers_between(size_t n, unsigned seed) {
  real *x = malloc(n * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = (real)(((seed = seed * 1103515245u + 12345u) >> 8 & 0xffff) / 32768.0 - 1);
  return x;
}

/* Steps with x yᵀ of P of the tokens (at NULL: the first) are those with the product that combine forms, bit for bit, however the matrix is cut. */
static void one_product(const mdm_entrywise *e, size_t P, const size_t *at) {
  real *x = numbers_between(N * TOKENS, 1), *y = numbers_between(COLS * TOKENS, 2), *G = numbers_between(N * COLS, 3), *state[2][3];
  for (int w = 0; w < 2; w++)
    for (int k = 0; k < 3; k++) state[w][k] = numbers_between(N * COLS, 4); /* m, v, A; v is a square */
  for (size_t i = 0; i < N * COLS; i++) state[0][1][i] = state[1][1][i] = state[0][0][i] * state[0][0][i];
  X(entrywise_step)(e, N, P, x, y, COLS, at, COLS, state[0][0], state[0][1], state[0][2]);
  X(combine_at)(N, P, COLS, 1, x, N, y, COLS, 1, at, 0, G, N);
  for (size_t j = 0; j < COLS; j++)
    X(entrywise_plain)()(e, &(X(gradient)){.x = G + N * j, .ldx = N}, 1, N, state[1][0] + N * j, state[1][1] + N * j, state[1][2] + N * j, N);
  for (int k = 0; k < 3; k++) CU_ASSERT(!memcmp(state[0][k], state[1][k], N * COLS * sizeof(real)));
  for (int w = 0; w < 2; w++)
    for (int k = 0; k < 3; k++) free(state[w][k]);
  free(x), free(y), free(G);
}

static void gradients_of_tokens(void) {
  static const size_t counts[] = {0, 1, 4, 13, 32, 33, TOKENS}; /* up to 32 the kernel forms them, above combine does */
  size_t odd[TOKENS];
  for (size_t t = 0; t < TOKENS; t++) odd[t] = t / 2 * 2 + (2 * t < TOKENS - 1);
  for (size_t k = 0; k < COUNT(cases); k++) {
    const mdm_entrywise e = numbers(&cases[k], 1);
    for (size_t c = 0; c < COUNT(counts); c++) one_product(&e, counts[c], NULL);
    one_product(&e, 5, odd);
    one_product(&e, 40, odd);
  }
}

/* ---------------------------------------------------------------- products on the way */

/* m, v, A as before a step. */
static void state_of(real *state[3]) {
  for (int k = 0; k < 3; k++) state[k] = numbers_between(N * COLS, 4 + (unsigned)k);
  for (size_t i = 0; i < N * COLS; i++) state[1][i] *= state[1][i];
}

/* Steps with sums over pieces of rows, or with results: the steps that there are without, and the products that inner and combine make of A before. */
static void product_and_step(const mdm_entrywise *e, size_t P) {
  static const size_t begin[] = {7, 16, 500, 941}; /* rows around them only step */
  enum { PIECES = COUNT(begin) - 1, RESULTS = COLS - 2 };
  real *x = numbers_between(N * P, 1), *y = numbers_between(COLS * P, 2), *c = numbers_between(COLS * P, 3), *alone[3], *summed[3], *combined[3];
  real sums[PIECES * COLS * MDM_ENTRYWISE_TOKENS], wanted[COLS * MDM_ENTRYWISE_TOKENS], *out = numbers_between(N * P, 9), *result = numbers_between(N * P, 9);
  state_of(alone), state_of(summed), state_of(combined);
  for (size_t i = 0; i < PIECES; i++) {
    X(inner_at)(begin[i + 1] - begin[i], COLS, P, 0.3, alone[2] + begin[i], N, x + begin[i], N, NULL, 0, wanted, COLS);
    memcpy(sums + COLS * P * i, wanted, COLS * P * sizeof *wanted);
  }
  X(combine_at)(N, RESULTS, P, 1, alone[2], N, c, COLS, 0, NULL, 1, result, N);
  X(entrywise_step)(e, N, P, x, y, COLS, NULL, COLS, alone[0], alone[1], alone[2]);
  real *found = numbers_between(PIECES * COLS * P, 10);
  X(entrywise_sum_and_step)(e, N, P, x, y, COLS, COLS, summed[0], summed[1], summed[2], &(X(row_sums)){PIECES, begin, 0.3, found, COLS, COLS * P});
  CU_ASSERT(!memcmp(found, sums, PIECES * COLS * P * sizeof *sums));
  X(entrywise_combine_and_step)(e, N, P, x, N, y, COLS, RESULTS, combined[0], combined[1], combined[2], c, COLS, out, N);
  CU_ASSERT(!memcmp(out, result, N * P * sizeof *out));
  for (int k = 0; k < 3; k++) {
    CU_ASSERT(!memcmp(summed[k], alone[k], N * COLS * sizeof(real)) && !memcmp(combined[k], alone[k], N * RESULTS * sizeof(real)));
    free(alone[k]), free(summed[k]), free(combined[k]);
  }
  free(x), free(y), free(c), free(out), free(result), free(found);
}

static void products_on_the_way(void) {
  for (size_t k = 0; k < COUNT(cases); k++)
    for (size_t P = 1; P <= MDM_ENTRYWISE_TOKENS; P++) {
      const mdm_entrywise e = numbers(&cases[k], 1);
      product_and_step(&e, P);
    }
  CU_ASSERT(X(entrywise_can_sum)(MDM_ENTRYWISE_TOKENS, 1024) == MDM_SINGLE && !X(entrywise_can_sum)(MDM_ENTRYWISE_TOKENS + 1, 1) && !X(entrywise_can_sum)(0, 1));
}

static const test_case tests[] = {
    {"entry by entry", entry_by_entry},
    {"instruction sets agree", instruction_sets_agree},
    {"gradients of tokens", gradients_of_tokens},
    {"products on the way", products_on_the_way},
};
