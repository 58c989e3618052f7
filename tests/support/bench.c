/* A network program opened by hand. */
#include "support/bench.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

#include "scaling/vanishing.h"
#include "support/settings.h"

void bench_open(bench *b, const char *settings) { bench_open_sequences(b, settings, 1); }

void bench_open_sequences(bench *b, const char *settings, size_t context) {
  mdm_error err = {0};
  *b = (bench){0};
  b->cfg = configure(settings);
  CU_ASSERT_FATAL(!mdm_data_load(b->cfg, &b->data, &err));
  b->data->context = context;
  int status = mdm_problem_create(b->cfg, b->data, &b->problem, &err);
  if (status) printf("\n    %s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
}

void bench_limit(bench *b, size_t stream, size_t experts, size_t neurons, double tolerance) {
  mdm_error err = {0};
  mdm_coefficients coef[MDM_TENSORS], heads[MDM_TENSORS];
  const mdm_model *m = &b->problem->model;
  const mdm_sizes sizes = mdm_model_limit_sizes(m);
  mdm_shape shape = {.stream = stream, .experts = experts, .neurons = neurons ? neurons : (size_t)sizes.Ne, .neuron_weight = mdm_neuron_weight(m->regime, sizes)};
  if (m->regime->experts_grow) mdm_model_shape(m, experts, m->heads.width, heads, &shape);
  else mdm_model_shape(m, 1, stream / 2, heads, &shape);
  CU_ASSERT_FATAL(!mdm_model_limit(m, &b->problem->optimizer, coef, heads, &err));
  CU_ASSERT_FATAL(!X(limit_create)(&shape, coef, tolerance, NULL, 3, 0, &b->R, &err));
  bench_program(b, &b->problem->reduced);
}

void bench_network(bench *b, long N) {
  mdm_error err = {0};
  mdm_coefficients coef[MDM_TENSORS], heads[MDM_TENSORS];
  const mdm_model *m = &b->problem->model;
  const mdm_sizes sizes = mdm_model_network_sizes(m, (size_t)N);
  mdm_shape shape = {.stream = (size_t)N, .experts = (size_t)sizes.M, .neurons = (size_t)sizes.Ne, .neuron_weight = mdm_neuron_weight(m->regime, sizes)};
  mdm_model_shape(m, mdm_model_groups(m, (size_t)N), mdm_model_head_width(m, (size_t)N), heads, &shape);
  mdm_model_network(m, (size_t)N, NULL, coef, heads);
  CU_ASSERT_FATAL(!X(network_create)(&shape, coef, 3, 0, NULL, &b->R, &err));
  bench_program(b, &b->problem->full);
}

void bench_program(bench *b, const mdm_inputs *in) {
  mdm_error err = {0};
  const size_t tokens[MDM_PARTS] = {P, 0};
  CU_ASSERT_FATAL(!X(moe_create)(&b->problem->model, b->R, in, tokens, &b->program, &err));
  b->inputs = malloc(in->inputs * P * sizeof *b->inputs);
  CU_ASSERT_PTR_NOT_NULL_FATAL(b->inputs);
  for (size_t m = 0; m < P; m++) mdm_inputs_of(in, 0, m, b->inputs + in->inputs * m);
  b->x = b->inputs;
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
  free(b->inputs);
  X(moe_free)(b->program);
  b->R->free(b->R);
  mdm_problem_free(b->problem);
  mdm_data_free(b->data);
  mdm_config_free(b->cfg);
}

double bench_loss(bench *b) {
  mdm_error err = {0};
  double f[P];
  CU_ASSERT_FATAL(!X(moe_forward)(b->program, MDM_TRAIN, P, b->x, &err));
  for (int i = 0; i < P; i++) f[i] = X(moe_prediction)(b->program, MDM_TRAIN)[i];
  return mdm_loss_eval(b->problem, P, f, b->data->train.y, NULL, NULL);
}
