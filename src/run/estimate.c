/* Memory and cost of single runs, from the sizes of their arrays. */
#include "run/estimate.h"

/* P: tokens of a step, train and test. */
static double tokens_of(const mdm_problem *p) { return (double)(p->batch + p->data->test.count); }

/* Stored entries of the learned parts of Q, W1, W2 under an entrywise optimizer. */
static double pair_entries(const mdm_problem *p, const mdm_limit_sizes *sizes) {
  size_t S = sizes->stream, E = sizes->experts, EJ = E * sizes->neurons;
  if (!p->optimizer.method.entrywise) return 0;
  double router = p->model.regime->experts_grow ? mdm_pair_entries(&sizes->pairs, E, S) : (double)E * (double)S;
  return router + mdm_pair_entries(&sizes->pairs, EJ, S) + mdm_pair_entries(&sizes->pairs, S, EJ);
}

/* ---------------------------------------------------------------- work */

double mdm_limit_cost(const mdm_problem *p, const mdm_limit_sizes *sizes) {
  double S = (double)sizes->stream, E = (double)sizes->experts, J = (double)sizes->neurons, P = tokens_of(p), rank = 10 + 1.5 * P;
  return (6 * S + 4 * E * J + 2 * E) * rank * P + pair_entries(p, sizes) * (3 * P + 20) + 3 * S * (double)p->reduced.inputs * P;
}

double mdm_network_cost(const mdm_problem *p, long N) {
  mdm_sizes sizes = mdm_model_network_sizes(&p->model, (size_t)N);
  return tokens_of(p) * (double)N * (6 * sizes.M * sizes.Ne + 3 * sizes.M + 3 * (double)p->full.inputs);
}

/* ---------------------------------------------------------------- memory */

/* Arrays of the size of the weights that an optimizer keeps: weights, momentum or moments. */
static double copies(const mdm_optimizer *o) { return o->kind == MDM_STEP_ADAM ? 3 : o->momentum > 0 ? 2 : 1; }

/* Numbers per particle that the split of products keeps: initial fields, corners. */
static double split_numbers(const mdm_problem *p) { return p->parts ? 10 * (double)p->batch : 0; }

/* Times × samples whose kernels are stored. */
static double kernel_columns(const mdm_problem *p) { return p->kernels ? (double)(p->n_times * p->kernel_samples) : 0; }

double mdm_limit_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, int single) {
  double S = (double)sizes->stream, E = (double)sizes->experts, EJ = E * (double)sizes->neurons;
  double P = tokens_of(p), rank = 40 + P; /* directions per field, a guess */
  double in = (double)(p->reduced.inputs + p->model.outputs), kept = kernel_columns(p), split = split_numbers(p);
  double numbers = S * (8 * P + 10 * rank + in + 4 * kept + 2 * split) + EJ * (6 * P + 8 * rank + 2 * kept + split) + E * ((p->statistics ? 8 : 6) * P + 4 * rank + kept);
  numbers += (pair_entries(p, sizes) + S * in) * copies(&p->optimizer);
  return numbers * (single ? 4 : 8);
}

double mdm_network_bytes(const mdm_problem *p, long width, int single) {
  mdm_sizes sizes = mdm_model_network_sizes(&p->model, (size_t)width);
  double N = (double)width, M = sizes.M, MJ = M * sizes.Ne, P = tokens_of(p), D = (double)p->full.inputs, split = split_numbers(p);
  double arrays = copies(&p->optimizer) + (p->parts ? 1 : 0);
  return (N * ((2 * MJ + M + D) * arrays + 8 * P + 2 * split) + MJ * (6 * P + split) + (p->statistics ? 2 * M * P : 0)) * (single ? 4 : 8);
}

/* Its values, and some 40 kB of names and shapes. */
double mdm_record_bytes(const mdm_problem *p) {
  double k = kernel_columns(p), C = (double)p->model.outputs;
  double times = (double)p->n_times, S = (double)p->kernel_samples; /* on the time grid: quantiles, histograms, tangent kernels */
  double grid = (p->statistics ? times * (20 * S + 2 * (double)p->histogram_bins) : 0) + (p->ntk ? 6 * times * S * S : 0);
  return 4e4 + 8 * ((double)(p->steps + 1) * ((double)p->batch * C + 40) + 10 * k * k + grid +
                    (double)mdm_problem_test_count(p) * (double)p->data->test.count * C);
}

double mdm_problem_bytes(const mdm_problem *p) {
  double P = (double)(p->data->train.count + p->data->test.count);
  return 8 * (P * (double)(p->full.inputs + p->reduced.inputs) + (double)(p->steps + 1) * (double)p->batch);
}
