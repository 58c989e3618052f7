/* Orthonormal bases of the directions that fields have visited on their populations. */
#ifndef MOEDMFT_BASIS_H
#define MOEDMFT_BASIS_H

#include "realization/particles.h"

/* A basis that fills its population (k = n) is no longer a limit but a network with that many neurons, whose error is O(1/n).
 *
 * Orthonormal basis of the directions that one field has visited: Uᵀ U / n = 1. Coordinates c = Uᵀ p / n of the field that
 * was absorbed last are kept, so that matrices that share an input share the work.
 *
 * Of a field p with a twin p', U spans p', and the inner product is the one without noise, ⟨p p'⟩ = pᵀ p' / n: c = Uᵀ p / n as before,
 * p' = Σ u ⟨u u⟩ c. It is not positive: what the noise of a finite sample leaves in it is of either sign, and directions that are little
 * but noise may have ⟨u u⟩ = −1. What those hold cannot be the variance of anything drawn (thin.c). */
typedef struct X(basis) {
  X(population) *pop;
  size_t n;         /* particles of the field: those of pop, or with twins twice as many */
  int twins;
  double overlap;   /* the largest loss of orthogonality of new directions, |⟨u_i u_j⟩ − δ_ij|; without twins */
  double tolerance; /* a direction is new when its amplitude exceeds tolerance × the field's RMS */
  int whole_batch;  /* 1: tolerance × the root of the power of all tokens, instead of the mean of one */
  size_t bound;     /* directions that are kept when others are forgotten (forget.h); 0: nothing is */
  double *use;      /* bound: use_k × use_k, running mean of what training fields needed, c cᵀ/|c|² */
  size_t use_k;     /* ≤ k: directions that came later were not used by a step */
  unsigned long used; /* field that was counted last */
  real *U;          /* n × k */
  size_t k, capacity;
  unsigned long id; /* field that c belongs to */
  real *c;          /* k_c × P: coordinates */
  size_t k_c, P, c_size;
  real *twin;       /* twins: n × k, the combinations of p that U has of p' */
  real *square;     /* twins: k, ⟨u u⟩ = ±1 */
  real *split[2];   /* twins: k_c × P, c of directions with ⟨u u⟩ = 1, and of those with −1; zero for the others */
  size_t twin_capacity, square_capacity, split_size[2];
  real *gram, *eigen; /* m × m; m: residual Gram matrix, its eigenvalues; m: P, or n where P > n and there are no twins */
  real *rest;         /* n × P where P > n: the residual */
  size_t gram_size, eigen_size, rest_size;
} X(basis);

void X(basis_init)(X(basis) *basis, X(population) *pop, int twins, double tolerance);
void X(basis_clear)(X(basis) *basis);
/* Makes the basis span the field up to the tolerance and its coordinates available in basis->c (k_c × P). */
int X(basis_absorb)(X(basis) *basis, const X(field) *p, mdm_error *err);
/* Coordinates (k_c × P) along directions of positive square: what the field drives; and along the others, NULL where there are none. */
const real *X(basis_driving)(const X(basis) *basis);
const real *X(basis_excess)(const X(basis) *basis);
/* Zeroes the rows of x (k × P, directions 0 … k − 1 of the basis) whose square is negative. */
void X(basis_drop_excess)(const X(basis) *basis, size_t k, size_t P, real *x);
/* bound: counts the field whose coordinates are there, a training one, as use of its directions (once). Returns a status. */
int X(basis_use)(X(basis) *basis, mdm_error *err);
/* Its directions; coordinates are those of a field, which comes anew. */
void X(basis_walk)(X(basis) *basis, mdm_state *s);
/* Remembers directions of a field on its population, as they are (n × count), or the means of twins (2n × count, side by side). */
int X(basis_note)(X(population) *pop, int twins, size_t count, const real *columns, mdm_error *err);
/* Fields on twins, side by side: out (n × P) = their means of in (2n × P); out (2n × P) = in (n × P) for both, added when accumulate is
 * set. */
void X(mean_over_twins)(size_t n, size_t P, const real *in, real *out);
void X(spread_over_twins)(size_t n, size_t P, const real *in, int accumulate, real *out);

#endif
