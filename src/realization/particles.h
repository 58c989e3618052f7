/* Populations of sample particles, and orthonormal bases of the directions that fields have visited on them. */
#ifndef MOEDMFT_PARTICLES_H
#define MOEDMFT_PARTICLES_H

#include <moedmft/error.h>

#include "base/random.h"
#include "realization/realization.h"

/* A population remembers every column that lives on it (initial weights, Gaussian columns, directions of fields), so
 * that a fresh Gaussian column can be drawn orthogonal to all of them and to the constant: empirical moments are matched,
 * which removes most of the sampling noise (docs/theory.md, moment matching). */
typedef struct X(population) {
  const char *name; /* "stream", "expert", "neuron": for messages */
  int exact;        /* 1: the neurons of a network, not a sample: nothing is drawn, and a basis may fill the whole space */
  size_t n;         /* particles */
  real *seen;       /* n × k: orthonormal, seenᵀ seen / n = 1; column 0 is the constant */
  size_t k, capacity;
  real *work;       /* k × columns: projections */
  real *rest;       /* n × columns: what projections leave */
  size_t work_size, rest_size;
} X(population);

int X(population_init)(X(population) *pop, const char *name, size_t n, mdm_error *err);
void X(population_clear)(X(population) *pop);

/* out (n × count): columns first … first + count − 1 of a Gaussian stream, made orthogonal to all columns seen, with zero
 * mean and second moments exactly 1 (outᵀ out / n = identity); remembered as seen. */
int X(population_fresh)(X(population) *pop, mdm_stream key, size_t first, size_t count, real *out, mdm_error *err);
/* The same as Gaussian columns of a matrix: on its rows, or on its columns, with a variance; key.purpose: its tensor. */
int X(population_columns)(X(population) *pop, mdm_stream key, int rows, double variance, size_t first, size_t count, real *out, mdm_error *err);
/* Remembers count columns (n × count, any values). */
int X(population_note)(X(population) *pop, size_t count, const real *columns, mdm_error *err);

/* A basis that fills its population (k = n) is no longer a limit but a network with that many neurons, whose error is O(1/n).
 *
 * Orthonormal basis of the directions that one field has visited: Uᵀ U / n = 1. Coordinates c = Uᵀ p / n of the field that
 * was absorbed last are kept, so that matrices that share an input share the work. */
typedef struct X(basis) {
  X(population) *pop;
  double tolerance; /* a direction is new when its amplitude exceeds tolerance × the field's RMS */
  real *U;          /* n × k */
  size_t k, capacity;
  unsigned long id; /* field that c belongs to */
  real *c;          /* k_c × P: coordinates */
  size_t k_c, P, c_size;
  real *gram, *eigen; /* P × P; P: residual Gram matrix, its eigenvalues */
  size_t gram_size, eigen_size;
} X(basis);

void X(basis_init)(X(basis) *basis, X(population) *pop, double tolerance);
void X(basis_clear)(X(basis) *basis);
/* Makes the basis span the field up to the tolerance and its coordinates available in basis->c (k_c × P). */
int X(basis_absorb)(X(basis) *basis, const X(field) *p, mdm_error *err);

/* Grows *buffer to at least a × b elements (contents are lost). Returns a status. */
int X(reserve)(real **buffer, size_t *size, size_t a, size_t b, mdm_error *err);

#endif
