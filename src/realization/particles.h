/* Populations of sample particles. */
#ifndef MOEDMFT_PARTICLES_H
#define MOEDMFT_PARTICLES_H

#include <moedmft/error.h>

#include "base/random.h"
#include "base/state.h"
#include "realization/realization.h"

/* A population remembers every column that lives on it (initial weights, Gaussian columns, directions of fields), so
 * that a fresh Gaussian column can be drawn orthogonal to all of them and to the constant: empirical moments are matched,
 * which removes most of the sampling noise (docs/theory.md, moment matching). Where every expert's means count (counted experts), the
 * moments of each are matched: the population falls into groups, one after the other. */
typedef struct X(population) {
  const char *name; /* "stream", "expert", "neuron": for messages */
  int exact;        /* 1: the neurons of a network, not a sample: nothing is drawn, and a basis may fill the whole space */
  size_t n, groups; /* particles; groups of n/groups whose moments are matched one by one (1 unless set after init) */
  real *seen;       /* n × (k + pending): orthonormal in each group, mean square 1 (or zero: nothing new there); column 0 is the constant. Behind
                       them columns that were noted, as they are: they are taken up when something is drawn, with the draws */
  size_t k, pending, capacity;
  size_t unmatched, most_unmatched; /* columns that found no room in `seen`, so that moments of later draws are not matched with theirs: now, and the most before it
                                       started anew (forget.h) */
  real *work;       /* k × columns: projections */
  real *norms;      /* (pending + 1) × groups */
  real *kept;       /* n × pending: what was pending when it was marked */
  size_t work_size, norms_size, kept_size, marked[3];
} X(population);

int X(population_init)(X(population) *pop, const char *name, size_t n, mdm_error *err);
void X(population_clear)(X(population) *pop);
/* The same particles with the same memory, which from here on is its own. to: as population_init left it. */
int X(population_copy)(X(population) *to, const X(population) *from, mdm_error *err);

/* out (n × count): columns first … first + count − 1 of a Gaussian stream, made orthogonal to all columns seen, with zero
 * mean and second moments exactly 1 (outᵀ out / n = identity), in every group that has room for so many; remembered as seen. */
int X(population_fresh)(X(population) *pop, mdm_stream key, size_t first, size_t count, real *out, mdm_error *err);
/* The same as Gaussian columns of a matrix: on its rows, or on its columns, with a variance; key.purpose: its tensor. */
int X(population_columns)(X(population) *pop, mdm_stream key, int rows, double variance, size_t first, size_t count, real *out, mdm_error *err);
/* Remembers count columns (n × count, any values). */
int X(population_note)(X(population) *pop, size_t count, const real *columns, mdm_error *err);
/* Bracket what is to be forgotten. */
int X(population_mark)(X(population) *pop, mdm_error *err);
void X(population_rewind)(X(population) *pop);
/* What it remembers, outside of a bracket (base/state.h). */
void X(population_walk)(X(population) *pop, mdm_state *s);

/* Removes from the columns of B (n × b) their components along the columns Q (n × k), orthonormal in each group of n/groups particles. Once
 * is enough: what is projected keeps at least a hundredth of its length here, so that rounding stays far below the sampling noise. */
int X(project_out)(size_t n, size_t groups, size_t k, const real *Q, size_t b, real *B, real **work, size_t *size, mdm_error *err);
/* out (n × count) ← out L⁻ᵀ with outᵀ out = (n/groups) L Lᵀ in each group of n/groups particles: unit second moments. */
int X(whiten)(const X(population) *pop, size_t groups, size_t count, real *out, mdm_error *err);

/* Grows *buffer to at least a × b elements (contents are lost). Returns a status. */
int X(reserve)(real **buffer, size_t *size, size_t a, size_t b, mdm_error *err);

#endif
