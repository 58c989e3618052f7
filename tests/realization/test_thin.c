/* Responses of thin factors: Stein's lemma against perturbation. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "realization/thin.h"
#include "support/bench.h"
#include "support/cosine.h"
#include "support/suite.h"

enum { PARTICLES = 4000, EXPERTS = 2000, NE = 3, RUNS = 8 };
static const double NUDGE = 1e-3;

/* What the source of a nudged matrix calls, and whose column 0 it nudges: Ω on rows, K on columns. */
typedef struct {
  thin_source_f64 draw;
  mdm_side side;
} nudge;

static double sign_of(size_t i) { /* independent signs, one for each particle */
  uint64_t word;
  mdm_words((mdm_stream){99, 0, 1000, 0, 0, 0}, i, 1, &word);
  return word & 1 ? 1 : -1;
}

static void push(size_t k, size_t n, real *out) {
  for (size_t i = 0; k == 0 && i < n; i++) out[i] += NUDGE * sign_of(i);
}

static nudge active_nudge;
static int nudged_draw(thin_f64 *A, mdm_side side, size_t k, size_t count, real *out, mdm_error *err) {
  int status = active_nudge.draw(A, side, k, count, out, err);
  if (side == active_nudge.side) push(k, A->side[side].pop->n, out);
  return status;
}

/* Three steps of the limit by hand; copies h and γ of the last, and the Stein responses of h to K₀ and of γ to Ω₀. */
static void short_run(int run, int nudged, int rows, mdm_tensor tensor, real *h, real *gamma, double stein[2][P]) {
  bench b;
  mdm_coefficients coef[MDM_TENSORS];
  mdm_error err = {0};
  X(thin) *A;
  CU_ASSERT_FATAL(!mdm_config_create(&b.cfg, &err) && !mdm_data_load(b.cfg, &b.data, &err) && !mdm_problem_create(b.cfg, b.data, &b.problem, &err));
  const mdm_model *m = &b.problem->model;
  const mdm_sizes ratios = {D, 1, NE, 1, 1, 0};
  const mdm_shape shape = {.stream = PARTICLES, .experts = EXPERTS, .neurons = NE, .neuron_weight = 3, .blocks = 1};
  CU_ASSERT_FATAL(!mdm_limit_coefficients(m->regime, &m->parameterization, ratios, m->init, NULL, coef, &err));
  CU_ASSERT_FATAL(!X(limit_create)(&shape, coef, 1e-2, NULL, 5, (unsigned)run, &b.R, &err));
  bench_program(&b, &b.problem->reduced);
  CU_ASSERT_FATAL(!b.R->factors(b.R, 0, tensor, 1e-2, &A, &err) && A);
  if (nudged) {
    active_nudge = (nudge){A->draw, rows ? MDM_ROWS : MDM_COLS};
    A->draw = nudged_draw;
  }
  for (int t = 0; t < 4; t++) {
    bench_pass(&b);
    const mdm_step step = {&b.problem->optimizer, 1.5, 1, (size_t)t};
    if (t < 3) CU_ASSERT_FATAL(!X(moe_step)(b.program, &step, b.x, b.e, &err));
  }
  const X(field) *H = X(moe_field)(b.program, MDM_TRAIN, MDM_H, 0), *G = X(moe_field)(b.program, MDM_TRAIN, tensor == MDM_Q ? MDM_RHO : MDM_GAMMA, 0);
  memcpy(h, H->v, H->n * P * sizeof *h);
  memcpy(gamma, G->v, G->n * P * sizeof *gamma);
  for (int p = 0; p < P; p++) {
    stein[0][p] = cblas_ddot(H->n, H->v + H->n * p, 1, A->side[MDM_COLS].gauss, 1) / (double)H->n / A->base.coef.Vb;
    stein[1][p] = cblas_ddot(G->n, G->v + G->n * p, 1, A->side[MDM_ROWS].gauss, 1) / (double)G->n / A->base.coef.Vf;
  }
  bench_close(&b);
}

/* Mean over particles of sign × (nudged − plain)/nudge. */
static double pathwise(size_t n, const real *plain, const real *moved) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += sign_of(i) * (moved[i] - plain[i]) / NUDGE;
  return sum / (double)n;
}

/* Mean and its standard error over runs. */
static double mean_of(const double *v, double *error) {
  double sum = 0, square = 0;
  for (int k = 0; k < RUNS; k++) sum += v[k], square += v[k] * v[k];
  *error = sqrt((square / RUNS - sum / RUNS * (sum / RUNS)) / (RUNS - 1));
  return sum / RUNS;
}

/* Nudging particle i's K₀ (or Ω₀) by ± a little moves its own fields; averaged with the signs, macroscopic changes cancel
 * and ⟨∂h/∂K₀⟩, ⟨∂γ/∂Ω₀⟩ remain. Stein's lemma must give the same; the second includes the equal-time response. */
static void stein_equals_pathwise(void) {
  enum { MOST = EXPERTS * NE };
  static const mdm_tensor tensors[2] = {MDM_Q, MDM_W1};
  real *h[2], *gamma[2];
  for (int k = 0; k < 2; k++) h[k] = calloc(PARTICLES * P, sizeof(real)), gamma[k] = calloc(MOST * P, sizeof(real));
  for (int which = 0; which < 2; which++)
    for (int rows = 0; rows < 2; rows++) {
      size_t n = rows ? (which ? MOST : EXPERTS) : PARTICLES;
      double path[P][RUNS], gap[P][RUNS], largest = 0;
      for (int run = 0; run < RUNS; run++) {
        double stein[2][P], unused[2][P];
        short_run(run, 0, rows, tensors[which], h[0], gamma[0], stein);
        short_run(run, 1, rows, tensors[which], h[1], gamma[1], unused);
        for (size_t p = 0; p < P; p++) {
          path[p][run] = pathwise(n, (rows ? gamma : h)[0] + n * p, (rows ? gamma : h)[1] + n * p);
          gap[p][run] = path[p][run] - stein[rows][p];
        }
      }
      for (size_t p = 0; p < P; p++) {
        double error, difference = mean_of(gap[p], &error), size = 0;
        for (int run = 0; run < RUNS; run++) size += fabs(path[p][run]) / RUNS; /* a run's K₀ may point either way */
        CU_ASSERT(fabs(difference) < 4 * error);
        largest = fmax(largest, size / error);
      }
      CU_ASSERT(largest > 8); /* there is a response to agree on */
    }
  for (int k = 0; k < 2; k++) free(h[k]), free(gamma[k]);
}

/* ---------------------------------------------------------------- decay */

/* W1 of a limit after one pass, without a gradient: so many steps of decay alone. */
static void decayed(bench *b, const mdm_optimizer *by, int steps) {
  mdm_error err = {0};
  bench_open(b, "model.regime=II");
  bench_limit(b, 400, 200, 0, 1e-4);
  bench_pass(b);
  X(matrix) *A = b->R->matrix[0][MDM_W1];
  for (int t = 0; t < steps; t++) {
    const mdm_step step = {.by = by, .rate = 0.4, .clip = 0, .t = (size_t)t};
    CU_ASSERT_FATAL(!A->ops->step(A, &step, X(moe_field)(b->program, MDM_TRAIN, MDM_H, 0), X(moe_field)(b->program, MDM_TRAIN, MDM_GAMMA, 0), NULL, &err));
  }
}

/* Product with the square of a field, entry by entry: it has directions that the matrix has not met. */
static real *of_square(bench *b, int backward) {
  mdm_error err = {0};
  X(matrix) *A = b->R->matrix[0][MDM_W1];
  const X(field) *f = X(moe_field)(b->program, MDM_TRAIN, backward ? MDM_GAMMA : MDM_H, 0);
  X(field) in = {.n = f->n, .P = P, .v = malloc(f->n * P * sizeof(real)), .id = 1000000}, out = {.n = backward ? A->cols : A->rows, .P = P};
  out.v = calloc(out.n * P, sizeof *out.v);
  for (size_t i = 0; i < f->n * P; i++) in.v[i] = f->v[i] * (f->v[i] + 0.1);
  CU_ASSERT_FATAL(!(backward ? A->ops->backward(A, &in, NULL, 0, &out, &err) : A->ops->forward(A, &in, NULL, &out, &err)));
  free(in.v);
  return out.v;
}

/* The initial matrix, columns that are drawn later and responses included, shrinks as decay says, by itself or through the momentum. */
static void decay_is_of_the_whole_initial_matrix(void) {
  static const mdm_optimizer none = {0}, optimizers[] = {{.decay = 0.5}, {.decay = 0.5, .momentum = 0.7}};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    bench was, is;
    double left = 1, momentum = 0;
    decayed(&was, &none, 0);
    decayed(&is, &optimizers[k], 3);
    double lambda = 0.5 * is.R->matrix[0][MDM_W1]->coef.decay;
    for (int t = 0; t < 3; t++) momentum = optimizers[k].momentum * momentum + lambda * left, left -= 0.4 * momentum;
    CU_ASSERT(left > 0.1 && left < 0.9);
    for (int backward = 0; backward < 2; backward++) {
      real *before = of_square(&was, backward), *after = of_square(&is, backward);
      size_t n = (backward ? is.R->matrix[0][MDM_W1]->cols : is.R->matrix[0][MDM_W1]->rows) * P;
      double size = cblas_dnrm2(n, before, 1);
      for (size_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(after[i], left * before[i], 1e-10 * size);
      CU_ASSERT(size > 1e-3);
      free(before), free(after);
    }
    bench_close(&was), bench_close(&is);
  }
}

/* ---------------------------------------------------------------- factors of a network */

/* The factors that are read off a network's matrix before training make of the fields that they have followed what the matrix makes of them. */
static void factors_of_a_network(void) {
  static const char *const cases[] = {"model.regime=II model.expert_width=2", "model.regime=I model.parameterization=mup", "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5"};
  int scaled = 0;
  for (size_t k = 0; k < COUNT(cases); k++) {
    bench b;
    X(thin) *A;
    mdm_error err = {0};
    bench_open(&b, cases[k]);
    bench_network(&b, 24);
    bench_pass(&b);
    for (int t = MDM_W1; t <= MDM_W2; t++) {
      X(matrix) *matrix = b.R->matrix[0][t];
      CU_ASSERT_FATAL(!b.R->factors(b.R, 0, (mdm_tensor)t, 1e-6, &A, &err) && A);
      scaled += fabs(A->base.coef.tau - 1) > 0.1;
      for (int step = 0; step < 2; step++) { /* new directions beside known ones, too */
        const X(field) *P_ = X(moe_field)(b.program, MDM_TRAIN, t == MDM_W1 ? MDM_H : MDM_Y, 0), *Q_ = X(moe_field)(b.program, MDM_TRAIN, t == MDM_W1 ? MDM_GAMMA : MDM_DELTA, 0);
        X(field) p = *P_, q = *Q_, out[2];
        p.v = malloc(p.n * P * sizeof *p.v), q.v = malloc(q.n * P * sizeof *q.v);
        p.id = 1000000 + 10 * (unsigned long)t + 2 * (unsigned long)step, q.id = p.id + 1;
        for (size_t i = 0; i < p.n * P; i++) p.v[i] = P_->v[i] * (step ? P_->v[i] : 1);
        for (size_t i = 0; i < q.n * P; i++) q.v[i] = Q_->v[i] * (step ? Q_->v[i] : 1);
        CU_ASSERT_FATAL(!X(thin_follow)(A, &p, &q, &err));
        for (int backward = 0; backward < 2; backward++) {
          size_t n = backward ? p.n : q.n;
          for (int c = 0; c < 2; c++) out[c] = (X(field)){.n = n, .P = P, .v = calloc(n * P, sizeof(real))};
          CU_ASSERT_FATAL(!(backward ? matrix->ops->backward(matrix, &q, NULL, 0, &out[0], &err) : matrix->ops->forward(matrix, &p, NULL, &out[0], &err)));
          CU_ASSERT_FATAL(!(backward ? A->base.ops->backward(&A->base, &q, NULL, 0, &out[1], &err) : A->base.ops->forward(&A->base, &p, NULL, &out[1], &err)));
          double size = cblas_dnrm2(n * P, out[0].v, 1);
          CU_ASSERT(size > 0);
          for (size_t i = 0; i < n * P; i++) CU_ASSERT_DOUBLE_EQUAL(out[1].v[i], out[0].v[i], 1e-4 * size);
          free(out[0].v), free(out[1].v);
        }
        free(p.v), free(q.v);
      }
    }
    bench_close(&b);
  }
  CU_ASSERT(scaled > 0);
}

static const test_case tests[] = {
    {"factors of a network", factors_of_a_network},
    {"decay is of the whole initial matrix", decay_is_of_the_whole_initial_matrix},
    {"responses: Stein equals pathwise", stein_equals_pathwise},
};

SUITE("realization/thin", tests)
