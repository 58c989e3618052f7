/* Order parameters that are measured on the particles of a limit whose experts come as twins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scaling/vanishing.h"
#include "support/bench.h"
#include "support/suite.h"
#include "training/measure.h"

enum { STEPS = 2, TIMES = STEPS + 1, EXPERTS = 60, ALL = TIMES * P };

/* A limit of sampled experts with neurons of their own, as mdm_run makes it for SGD. */
static void open_twins(bench *b, mdm_coefficients coef[MDM_TENSORS]) {
  mdm_error err = {0};
  bench_open(b, "model.regime=III model.parameterization=mup train.steps=2");
  const mdm_model *m = &b->problem->model;
  mdm_shape shape = {.stream = 300, .experts = EXPERTS, .neurons = 20, .neuron_weight = mdm_neuron_weight(m->regime, mdm_model_limit_sizes(m)), .twins = 1};
  mdm_model_shape(m, EXPERTS, m->heads.width, NULL, &shape);
  CU_ASSERT_FATAL(!mdm_model_limit(m, &b->problem->optimizer, coef, NULL, &err) && !X(limit_create)(&shape, coef, 1e-4, NULL, 3, 0, &b->R, &err));
  bench_program(b, &b->problem->reduced);
}

/* The kernel of ρ is the mean of ρ times its twin, of the same step and of different ones, without the noise of the neurons that either has sampled. */
static void kernel_of_twins(void) {
  bench b;
  mdm_coefficients coef[MDM_TENSORS];
  mdm_layout l;
  X(measure) *m;
  mdm_error err = {0};
  static double rho[TIMES][EXPERTS * P], twin[TIMES][EXPERTS * P];
  open_twins(&b, coef);
  CU_ASSERT_FATAL(!mdm_layout_init(&l, b.problem, coef, 0, &err));
  double *x = calloc(l.size, sizeof *x), size = 0, noise = 0;
  CU_ASSERT_FATAL(x && !X(measure_create)(&l, b.R, 1e-4, x, &m, &err));
  for (size_t t = 0; t < TIMES; t++) {
    bench_pass(&b);
    CU_ASSERT_FATAL(!X(measure_step)(m, b.program, t, &err));
    const X(field) *f = X(moe_field)(b.program, MDM_TRAIN, MDM_RHO, 0);
    CU_ASSERT_FATAL(f->n == EXPERTS && f->twin);
    memcpy(rho[t], f->v, sizeof rho[t]), memcpy(twin[t], f->twin, sizeof twin[t]);
    bench_step(&b, 0.5);
  }
  const double *kernel = mdm_layout_kernel(&l, x, 0, MDM_ORDER_RHO);
  for (size_t i = 0; i < ALL; i++)
    for (size_t j = 0; j < ALL; j++) {
      double product = cblas_ddot(EXPERTS, rho[i / P] + EXPERTS * (i % P), 1, twin[j / P] + EXPERTS * (j % P), 1) / EXPERTS;
      double square = cblas_ddot(EXPERTS, rho[i / P] + EXPERTS * (i % P), 1, rho[i / P] + EXPERTS * (i % P), 1) / EXPERTS;
      size = fmax(size, fabs(kernel[i * ALL + j] - product)), noise = fmax(noise, square);
    }
  CU_ASSERT(noise > 0 && size < 1e-3 * noise); /* tolerance × the noise */
  X(measure_free)(m);
  mdm_layout_clear(&l);
  free(x);
  bench_close(&b);
}

static const test_case tests[] = {
    {"kernel of twins", kernel_of_twins},
};

SUITE("training/measure", tests)
