/* States of self-consistency sweeps and means over them, number by number. */
#include <math.h>

#include "run/self_consistency_average.h"
#include "run/self_consistency_mixing.h"
#include "support/suite.h"

/* Towards F by the damping; once residuals stand at the noise, the mean of the states since then: the n-th of them counts 1/n. */
static void averaged_states(void) {
  const mdm_sweep_plan plan = {.options = {.mixing = MDM_MIX_AVERAGE, .damping = 0.8}, .layout = {.size = 2}};
  const double F[2] = {3, -2}, noise[MDM_KINDS] = {0}, part[4] = {0.8, 0.5, 1.0 / 3, 0.25};
  mdm_mixer m;
  CU_ASSERT_FATAL(!mdm_mixer_create(&m, &plan, NULL));
  for (size_t near = 0; near < 4; near++) {
    double x[2] = {1, 2};
    CU_ASSERT_EQUAL(mdm_mixer_move(&m, x, F, noise, near, NULL), MDM_OK);
    CU_ASSERT_DOUBLE_EQUAL(x[0], 1 + part[near] * 2, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(x[1], 2 - part[near] * 4, 1e-15);
  }
  mdm_mixer_clear(&m);
}

/* A mean over m sweeps has the squared error of its own runs over m², and that of the causal pass times 3/m, at most 1. */
static void errors_of_means(void) {
  const mdm_sweep_plan plan = {.layout = {.n = 1, .C = 1}, .replicas = 3};
  double values[3] = {1, 2, 6}, distance, error; /* mean 3, squared error 14/6 */
  mdm_task causal[3] = {{.orders = values}, {.orders = values + 1}, {.orders = values + 2}};
  for (size_t sweeps = 2; sweeps <= 12; sweeps += 10) {
    mdm_average a;
    CU_ASSERT_FATAL(!mdm_average_create(&a, &plan, NULL));
    for (size_t i = 0; i < sweeps; i++) mdm_average_add(&a, (const double[1]){4}, causal, 0);
    mdm_average_add_state_noise(&a, causal);
    mdm_average_compare(&a, causal, &distance, &error);
    double m = (double)sweeps, own = 14.0 / 6;
    CU_ASSERT_DOUBLE_EQUAL(distance, 1, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(error, sqrt(own + own / m + own * fmin(1, 3 / m)), 1e-13);
    mdm_average_clear(&a);
  }
}

static const test_case tests[] = {
    {"averaged states", averaged_states},
    {"errors of means over sweeps", errors_of_means},
};

SUITE("run/sweep_states", tests)
