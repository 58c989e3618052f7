/* The next state, from x and the F that a sweep found under it:
 *   average    the mean of the states since residuals first stood at the noise (x among them); before that, damped
 *   damped     x + β (F − x)
 *   anderson   the same from combinations of earlier sweeps whose residual is smallest; directions in which residuals differ by less
 *              than the noise are not used
 */
#include "run/self_consistency_mixing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"

static int out_of_memory(mdm_error *err) {
  return mdm_no_memory(err, "Anderson mixing; lower solve.anderson_depth");
}

int mdm_mixer_create(mdm_mixer *m, const mdm_sweep_plan *plan, mdm_error *err) {
  size_t most = plan->options.depth + 1;
  *m = (mdm_mixer){.plan = plan};
  m->states = mdm_alloc(most, 1, 1, sizeof *m->states);
  m->residuals = mdm_alloc(most, 1, 1, sizeof *m->residuals);
  return m->states && m->residuals ? MDM_OK : out_of_memory(err);
}

void mdm_mixer_clear(mdm_mixer *m) {
  for (size_t i = 0; i < m->used; i++) {
    free(m->states[i]);
    free(m->residuals[i]);
  }
  free(m->states);
  free(m->residuals);
  *m = (mdm_mixer){0};
}

void mdm_mixer_walk(mdm_mixer *m, mdm_state *s) {
  size_t size = m->plan->layout.size;
  mdm_state_count(s, "states", &m->used);
  mdm_state_bound(s, "states", m->used, m->plan->options.depth + 1);
  if (s->status) m->used = 0;
  for (size_t i = 0; i < m->used; i++) {
    mdm_state_kept(s, "state", (void **)&m->states[i], size, sizeof **m->states);
    mdm_state_kept(s, "residual", (void **)&m->residuals[i], size, sizeof **m->residuals);
  }
}

/* ---------------------------------------------------------------- damped */

static void move(const mdm_mixer *m, double *x, const double *F, double by) {
  for (size_t e = 0; e < m->plan->layout.size; e++) x[e] += by * (F[e] - x[e]);
}

/* ---------------------------------------------------------------- Anderson */

/* Remembers state and residual; beyond depth + 1 the oldest make room. */
static int remember(mdm_mixer *m, const double *x, const double *F, mdm_error *err) {
  size_t size = m->plan->layout.size, most = m->plan->options.depth + 1;
  double *state, *residual;
  if (m->used == most) {
    state = m->states[0], residual = m->residuals[0];
    memmove(m->states, m->states + 1, (most - 1) * sizeof *m->states);
    memmove(m->residuals, m->residuals + 1, (most - 1) * sizeof *m->residuals);
    m->used--;
  } else {
    state = mdm_alloc(size, 1, 1, sizeof *state);
    residual = mdm_alloc(size, 1, 1, sizeof *residual);
  }
  m->states[m->used] = state;
  m->residuals[m->used] = residual;
  m->used++; /* freed with the others also when one is missing */
  if (!state || !residual) return out_of_memory(err);
  memcpy(state, x, size * sizeof *state);
  for (size_t e = 0; e < size; e++) residual[e] = F[e] - x[e];
  return MDM_OK;
}

/* Inner product of (a − a') and (b − b'), predictions and kernels, every array in units of its size in F. */
static double inner(const mdm_layout *l, const double *F, const double *a, const double *a2, const double *b, const double *b2) {
  double sum = 0;
  for (size_t i = 0; i < l->orders; i++) {
    const mdm_order *B = &l->order[i];
    double scale = mdm_order_scale(l, B, F), part = 0;
    if (scale == 0 || B->kind == MDM_KIND_ACTION) continue;
    for (size_t e = B->at; e < B->at + B->count; e++) part += (a[e] - (a2 ? a2[e] : 0)) * (b[e] - (b2 ? b2[e] : 0));
    sum += part / (scale * scale);
  }
  return sum;
}

/* Weights γ (n) that make ‖g − Σ γ Δg‖² + noise |γ|² smallest, g the last residual, Δg the n differences of successive ones; gram:
 * n × n. Differences carry the noise of two sweeps, which the ridge takes into account. */
static void anderson_weights(const mdm_mixer *m, size_t n, const double *F, const double noise[MDM_KINDS], double *gram, double *gamma) {
  const mdm_layout *l = &m->plan->layout;
  double *const *g = m->residuals, ridge = 0;
  for (int k = 0; k < MDM_KIND_ACTION; k++) ridge += 2 * noise[k] * noise[k];
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) gram[i + n * j] = inner(l, F, g[i + 1], g[i], g[j + 1], g[j]);
    gram[i + n * i] += ridge + 1e-14 * gram[i + n * i];
    gamma[i] = inner(l, F, g[i + 1], g[i], g[n], NULL);
  }
  if (mdm_solve_f64(n, 1, gram, gamma)) memset(gamma, 0, n * sizeof *gamma); /* no differences at all */
}

/* x ← x + β g − Σ γ (Δx + β Δg). */
static int mix_anderson(mdm_mixer *m, double *x, const double *F, const double noise[MDM_KINDS], mdm_error *err) {
  double beta = m->plan->options.damping;
  int status = remember(m, x, F, err);
  if (status) return status;
  size_t n = m->used - 1, size = m->plan->layout.size;
  double *gram = mdm_alloc(n, n, 1, sizeof *gram), *gamma = mdm_alloc(n, 1, 1, sizeof *gamma); /* n × n; n */
  if (!gram || !gamma) status = out_of_memory(err);
  if (!status && n) anderson_weights(m, n, F, noise, gram, gamma);
  if (!status) move(m, x, F, beta);
  for (size_t i = 0; i < n && !status; i++)
    for (size_t e = 0; e < size; e++)
      x[e] -= gamma[i] * (m->states[i + 1][e] - m->states[i][e] + beta * (m->residuals[i + 1][e] - m->residuals[i][e]));
  free(gram);
  free(gamma);
  return status;
}

/* ---------------------------------------------------------------- by the options */

int mdm_mixer_move(mdm_mixer *m, double *x, const double *F, const double noise[MDM_KINDS], size_t near, mdm_error *err) {
  const mdm_sweep_options *o = &m->plan->options;
  switch (o->mixing) {
  case MDM_MIX_AVERAGE: return move(m, x, F, fmin(o->damping, 1.0 / (double)(near + 1))), MDM_OK;
  case MDM_MIX_DAMPED: return move(m, x, F, o->damping), MDM_OK;
  default: return mix_anderson(m, x, F, noise, err);
  }
}
