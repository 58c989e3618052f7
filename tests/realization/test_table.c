/* Steps of linear optimizers on an array of weights, entry by entry. */
#include "realization/table.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

enum { ROWS = 3, COLS = 2, TOKENS = 2, STEPS = 3 };

static double gradient(int i, int j, int t) { return sin(1 + i + 2 * j + 4 * t); }

/* G = x yᵀ of one step: entry (i, j) is the gradient with x (ROWS × TOKENS) of unit columns. */
static void factors(int t, double x[ROWS * TOKENS], double y[COLS * TOKENS]) {
  for (int k = 0; k < TOKENS; k++) {
    for (int i = 0; i < ROWS; i++) x[i + ROWS * k] = cos(1.0 + i + 3 * k + t);
    for (int j = 0; j < COLS; j++) y[j + COLS * k] = gradient(k, j, t);
  }
}

/* B ← μ B + clip learn G + λ decay A, A ← A − rate B; without momentum the same with B anew. */
static void steps_by_hand(void) {
  static const mdm_optimizer optimizers[] = {{0}, {.decay = 0.4}, {.momentum = 0.8}, {.momentum = 0.8, .decay = 0.4}};
  const mdm_coefficients c = {.learn = 0.7, .decay = 0.3};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    const mdm_optimizer *o = &optimizers[k];
    double A[ROWS * COLS] = {1, -2, 0.5, 0.3, 1.4, -0.6}, B[ROWS * COLS] = {0}, expected[ROWS * COLS], x[ROWS * TOKENS], y[COLS * TOKENS];
    mdm_error err = {0};
    memcpy(expected, A, sizeof A);
    X(table) T = X(table_of)(ROWS, COLS, A);
    for (int t = 0; t < STEPS; t++) {
      const mdm_step s = {.by = o, .rate = 0.2 + 0.1 * t, .clip = 0.9, .t = (size_t)t};
      factors(t, x, y);
      CU_ASSERT_FATAL(!X(table_step)(&T, &s, &c, TOKENS, x, y, COLS, &err));
      for (int e = 0; e < ROWS * COLS; e++) {
        double G = x[e % ROWS] * y[e / ROWS] + x[e % ROWS + ROWS] * y[e / ROWS + COLS];
        B[e] = o->momentum * B[e] + 0.9 * 0.7 * G + o->decay * 0.3 * expected[e];
        expected[e] -= s.rate * B[e];
        CU_ASSERT_DOUBLE_EQUAL(A[e], expected[e], 1e-14);
      }
    }
    X(table_clear)(&T);
  }
}

static const test_case tests[] = {
    {"steps by hand", steps_by_hand},
};

SUITE("realization/table", tests)
