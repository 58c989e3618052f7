/* The limit realization: populations of sample particles joined by thin-factor matrices.
 *
 * Which field drives which matrix, and on which population it lives:
 *   Q   experts ← stream      forward input h, backward input ρ
 *   W1  neurons ← stream      forward input h, backward input γ       (Q and W1 share the directions of h)
 *   W2  stream  ← neurons     forward input y, backward input δ
 */
#include <stdlib.h>
#include <string.h>

#include "thin.h"

enum { BASIS_H, BASIS_RHO, BASIS_GAMMA, BASIS_Y, BASIS_DELTA, BASES };
enum { POP_STREAM, POP_EXPERT, POP_NEURON, POPULATIONS };
enum { DIAGNOSTICS = BASES + POPULATIONS };

typedef struct {
  X(realization) base;
  X(population) pop[POPULATIONS];
  X(basis) basis[BASES];
  X(thin) thin[MDM_TENSORS]; /* Q, W1, W2 */
  mdm_stream key;
  double values[DIAGNOSTICS];
} limit;

static const struct {
  int population;
  const char *name;
} bases[BASES] = {{POP_STREAM, "rank_h"}, {POP_EXPERT, "rank_rho"}, {POP_NEURON, "rank_gamma"}, {POP_NEURON, "rank_y"},
                  {POP_STREAM, "rank_delta"}};

static const struct {
  mdm_tensor tensor;
  int rows, cols, U, Ut;
} matrices[] = {
    {MDM_Q, POP_EXPERT, POP_STREAM, BASIS_H, BASIS_RHO},
    {MDM_W1, POP_NEURON, POP_STREAM, BASIS_H, BASIS_GAMMA},
    {MDM_W2, POP_STREAM, POP_NEURON, BASIS_Y, BASIS_DELTA},
};

/* W_in and v are drawn together, so that they are whitened jointly. */
static int limit_particles(X(realization) *R, size_t n, real *out, mdm_error *err) {
  limit *L = (limit *)R;
  mdm_stream key = L->key;
  key.purpose = MDM_DRAW_PARTICLES;
  return X(population_fresh)(&L->pop[POP_STREAM], key, 0, n, out, err);
}

static void limit_diagnostics(const X(realization) *R, const char *const **names, const double **values, size_t *n) {
  static const char *const labels[DIAGNOSTICS] = {"rank_h", "rank_rho", "rank_gamma", "rank_y", "rank_delta",
                                                  "particles_stream", "particles_expert", "particles_neuron"};
  limit *L = (limit *)R;
  for (int b = 0; b < BASES; b++) L->values[b] = (double)L->basis[b].k;
  for (int p = 0; p < POPULATIONS; p++) L->values[BASES + p] = (double)L->pop[p].n;
  *names = labels;
  *values = L->values;
  *n = DIAGNOSTICS;
}

static int limit_factors(X(realization) *R, mdm_tensor t, double tolerance, X(thin) **out, mdm_error *err) {
  (void)tolerance, (void)err;
  X(thin) *A = &((limit *)R)->thin[t];
  *out = A->base.coef.Vf > 0 && A->base.coef.Vb > 0 ? A : NULL;
  return MDM_OK;
}

static void limit_free(X(realization) *R) {
  limit *L = (limit *)R;
  if (!L) return;
  for (int t = 0; t < MDM_TENSORS; t++) X(thin_clear)(&L->thin[t]);
  for (int b = 0; b < BASES; b++) X(basis_clear)(&L->basis[b]);
  for (int p = 0; p < POPULATIONS; p++) X(population_clear)(&L->pop[p]);
  free(L);
}

static int limit_populations(limit *L, mdm_error *err) {
  const X(realization) *R = &L->base;
  int status = X(population_init)(&L->pop[POP_STREAM], "stream", R->stream, err);
  if (!status) status = X(population_init)(&L->pop[POP_EXPERT], "expert", R->experts, err);
  if (!status) status = X(population_init)(&L->pop[POP_NEURON], "neuron", R->experts * R->neurons, err);
  return status;
}

int X(limit_create)(size_t stream, size_t experts, size_t neurons, const mdm_coefficients coef[MDM_TENSORS],
                    double neuron_weight, double tolerance, unsigned long seed, unsigned run, X(realization) **out,
                    mdm_error *err) {
  *out = NULL;
  limit *L = calloc(1, sizeof *L);
  if (!L) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory");
  X(realization) *R = &L->base;
  R->stream = stream;
  R->experts = experts;
  R->neurons = neurons;
  R->neuron_weight = neuron_weight;
  memcpy(R->coef, coef, sizeof R->coef);
  R->particles = limit_particles;
  R->diagnostics = limit_diagnostics;
  R->factors = limit_factors;
  R->free = limit_free;
  L->key = (mdm_stream){seed, run, 0};
  int status = limit_populations(L, err);
  if (status) return limit_free(R), status;
  for (int b = 0; b < BASES; b++) X(basis_init)(&L->basis[b], &L->pop[bases[b].population], tolerance);
  for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++) {
    mdm_tensor t = matrices[i].tensor;
    X(thin_init)(&L->thin[t], t, &coef[t], &L->pop[matrices[i].rows], &L->pop[matrices[i].cols], &L->basis[matrices[i].U],
                 &L->basis[matrices[i].Ut], L->key);
    R->matrix[t] = &L->thin[t].base;
  }
  *out = R;
  return MDM_OK;
}
