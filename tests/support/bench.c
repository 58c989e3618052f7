/* A network program opened by hand. */
#include "support/bench.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "scaling/vanishing.h"
#include "support/settings.h"

void bench_open(bench *b, const char *settings) {
  mdm_error err = {0};
  *b = (bench){0};
  b->cfg = configure(settings);
  CU_ASSERT_FATAL(!mdm_data_load(b->cfg, &b->data, &err));
  int status = mdm_problem_create(b->cfg, b->data, &b->problem, &err);
  if (status) printf("\n    %s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
}

void bench_limit(bench *b, size_t stream, size_t experts, size_t neurons, double tolerance) {
  mdm_error err = {0};
  mdm_coefficients coef[MDM_TENSORS];
  const mdm_model *m = &b->problem->model;
  const mdm_sizes sizes = mdm_model_limit_sizes(m);
  const mdm_shape shape = {stream, experts, neurons ? neurons : (size_t)sizes.Ne, mdm_neuron_weight(m->regime, sizes), mdm_model_blocks(m),
                           !m->regime->experts_grow, 0, m->depth > 0, 0};
  CU_ASSERT_FATAL(!mdm_model_limit(m, &b->problem->optimizer, coef, &err));
  CU_ASSERT_FATAL(!X(limit_create)(&shape, coef, tolerance, NULL, 3, 0, &b->R, &err));
  bench_program(b, &b->problem->reduced);
}

void bench_network(bench *b, long N) {
  mdm_error err = {0};
  mdm_coefficients coef[MDM_TENSORS];
  const mdm_model *m = &b->problem->model;
  const mdm_sizes sizes = mdm_model_network_sizes(m, N);
  const mdm_shape shape = {(size_t)N, (size_t)sizes.M, (size_t)sizes.Ne, mdm_neuron_weight(m->regime, sizes), mdm_model_blocks(m), !m->regime->experts_grow, 0, m->depth > 0, 0};
  mdm_network_coefficients(m->regime, &m->parameterization, sizes, m->init, NULL, coef);
  CU_ASSERT_FATAL(!X(network_create)(&shape, coef, 3, 0, NULL, &b->R, &err));
  bench_program(b, &b->problem->full);
}

void bench_program(bench *b, const mdm_inputs *in) {
  mdm_error err = {0};
  const size_t tokens[MDM_PARTS] = {P, 0};
  CU_ASSERT_FATAL(!X(moe_create)(&b->problem->model, b->R, in, tokens, &b->program, &err));
  b->x = in->train;
}

void bench_pass(bench *b) {
  mdm_error err = {0};
  double f[P], e[P];
  CU_ASSERT_FATAL(!X(moe_forward)(b->program, MDM_TRAIN, P, b->x, &err));
  for (int i = 0; i < P; i++) f[i] = X(moe_prediction)(b->program, MDM_TRAIN)[i];
  mdm_loss_eval(b->problem, P, f, b->data->train.y, e, NULL);
  for (int i = 0; i < P; i++) b->e[i] = e[i];
  CU_ASSERT_FATAL(!X(moe_backward)(b->program, b->e, 1, NULL, &err));
}

void bench_step(bench *b, double rate) {
  mdm_error err = {0};
  const mdm_step step = {.by = &b->problem->optimizer, .rate = rate, .clip = 1};
  CU_ASSERT_FATAL(!X(moe_step)(b->program, &step, b->x, b->e, &err));
}

void bench_close(bench *b) {
  X(moe_free)(b->program);
  b->R->free(b->R);
  mdm_problem_free(b->problem);
  mdm_data_free(b->data);
  mdm_config_free(b->cfg);
}
