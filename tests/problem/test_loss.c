/* Losses: gradients against finite differences, and values by hand. */
#include <math.h>
#include <string.h>

#include "base/summary.h"
#include "problem/problem.h"
#include "support/suite.h"

static void check_loss(mdm_loss loss, size_t C, const double *y) {
  enum { P = 3 };
  mdm_problem p = {.loss = loss, .loss_multiplier = 1.7};
  p.model.outputs = C;
  double f[P * 3] = {0.3, -1.2, 2.0, 0.1, 0.4, -0.6, 1.1, -0.2, 0.9}, e[P * 3], accuracy;
  mdm_loss_eval(&p, P, f, y, e, &accuracy);
  CU_ASSERT(accuracy >= 0 && accuracy <= 1);
  for (size_t i = 0; i < P * C; i++) {
    const double step = 1e-5;
    double keep = f[i];
    f[i] = keep + step;
    double up = mdm_loss_eval(&p, P, f, y, NULL, NULL);
    f[i] = keep - step;
    double down = mdm_loss_eval(&p, P, f, y, NULL, NULL);
    f[i] = keep;
    CU_ASSERT_DOUBLE_EQUAL(e[i], (up - down) / (2 * step), 1e-9);
  }
}

static void losses_have_their_gradients(void) {
  const double onehot[9] = {1, 0, 0, 0, 0, 1, 0, 1, 0}, signs[3] = {1, -1, 1}, targets[9] = {0.5, 1, -1, 2, 0, 0, 1, 1, 3};
  check_loss(MDM_LOSS_MSE, 3, targets);
  check_loss(MDM_LOSS_CROSS_ENTROPY, 3, onehot);
  check_loss(MDM_LOSS_CROSS_ENTROPY, 1, signs);
}

static void losses_match_hand_values(void) {
  mdm_problem p = {.loss = MDM_LOSS_MSE, .loss_multiplier = 1};
  p.model.outputs = 1;
  const double f[2] = {1.5, -0.5}, y[2] = {1, -1};
  double accuracy;
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 2, f, y, NULL, &accuracy), 0.5 * (0.25 + 0.25) / 2, 1e-15);
  CU_ASSERT_EQUAL(accuracy, 1);
  p.loss = MDM_LOSS_CROSS_ENTROPY;
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 2, f, y, NULL, NULL), (log1p(exp(-1.5)) + log1p(exp(-0.5))) / 2, 1e-15);
  p.model.outputs = 2;
  const double logits[2] = {1000, 0}, hot[2] = {0, 1}; /* no overflow */
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 1, logits, hot, NULL, NULL), 1000, 1e-9);
  double e[2];
  p.loss_multiplier = 3; /* of the loss and of its gradient */
  CU_ASSERT_DOUBLE_EQUAL(mdm_loss_eval(&p, 1, logits, hot, e, NULL), 3000, 1e-9);
  CU_ASSERT(e[0] == 3 && e[1] == -3);
}

/* Where outputs tie, the expected accuracy instead of whatever rounding says. */
static void ties_count_by_chance(void) {
  mdm_problem p = {.loss = MDM_LOSS_MSE, .loss_multiplier = 1};
  const double zero[4] = {0, 1e-9, -1e-9, 0}, signs[4] = {1, 1, 1, -1}, some[4] = {2, 1e-7, -1, 0.5};
  const double equal[3] = {0, 1e-9, -1e-9}, two[3] = {1, 1, 0}, nan[3] = {NAN, NAN, NAN}, hot[3] = {0, 1, 0}, last[3] = {0, 0, 1};
  double accuracy;
  p.model.outputs = 1;
  mdm_loss_eval(&p, 4, zero, signs, NULL, &accuracy);
  CU_ASSERT_EQUAL(accuracy, 0.5);
  mdm_loss_eval(&p, 4, some, signs, NULL, &accuracy);
  CU_ASSERT_EQUAL(accuracy, 1.5 / 4);
  p.model.init[MDM_W_OUT] = 1e9; /* 0.5 is rounding of such a readout */
  mdm_loss_eval(&p, 4, some, signs, NULL, &accuracy);
  CU_ASSERT_EQUAL(accuracy, 0.5);
  p.model.init[MDM_W_OUT] = 0;
  p.model.outputs = 3;
  mdm_loss_eval(&p, 1, equal, hot, NULL, &accuracy);
  CU_ASSERT_DOUBLE_EQUAL(accuracy, 1.0 / 3, 1e-15);
  mdm_loss_eval(&p, 1, two, hot, NULL, &accuracy);
  CU_ASSERT_EQUAL(accuracy, 0.5);
  mdm_loss_eval(&p, 1, two, last, NULL, &accuracy);
  CU_ASSERT_EQUAL(accuracy, 0);
  mdm_loss_eval(&p, 1, nan, hot, NULL, &accuracy);
  CU_ASSERT_EQUAL(accuracy, 0);
}

/* Samples without a target, anywhere between the others, as if they were not there. */
static void samples_without_target_do_not_count(void) {
  mdm_problem p = {.loss_multiplier = 1.3, .untargeted = 1};
  const double f[12] = {0.3, -1.2, 2.0, 5, 6, 7, 0.1, 0.4, -0.6, 1, 0, 0}, y[12] = {0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0};
  const double g[6] = {0.3, -1.2, 2.0, 0.1, 0.4, -0.6}, z[6] = {0, 0, 1, 1, 0, 0};
  p.model.outputs = 3;
  for (int k = 0; k < 2; k++) {
    double e[12], own[6], accuracy[2];
    p.loss = k ? MDM_LOSS_MSE : MDM_LOSS_CROSS_ENTROPY;
    CU_ASSERT_EQUAL(mdm_loss_eval(&p, 4, f, y, e, &accuracy[0]), mdm_loss_eval(&p, 2, g, z, own, &accuracy[1]));
    CU_ASSERT(accuracy[0] == 0.5 && accuracy[1] == 0.5);
    for (size_t c = 0; c < 3; c++) CU_ASSERT(e[c] == own[c] && e[3 + c] == 0 && e[6 + c] == own[3 + c] && e[9 + c] == 0);
  }
  double kernel[16], small[4], work[12], targets[12], their[6];
  const size_t at[2] = {0, 2};
  for (size_t i = 0; i < 16; i++) kernel[i] = cos((double)(i % 5)) + cos((double)(i / 4));
  for (size_t i = 0; i < 4; i++) small[i] = kernel[4 * at[i / 2] + at[i % 2]];
  memcpy(targets, y, sizeof targets);
  memcpy(their, z, sizeof their);
  CU_ASSERT_EQUAL(mdm_problem_alignment(&p, 4, kernel, targets, 0, work), mdm_alignment(2, 3, small, their, 0, work));
}

static const test_case tests[] = {
    {"samples without target do not count", samples_without_target_do_not_count},
    {"ties count by chance", ties_count_by_chance},
    {"losses have their gradients", losses_have_their_gradients},
    {"losses match hand values", losses_match_hand_values},
};

SUITE("problem/loss", tests)
