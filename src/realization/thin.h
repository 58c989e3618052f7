/* The limit of one trained random matrix as thin factors (docs/theory.md, "Thin factors"). */
#ifndef MOEDMFT_THIN_H
#define MOEDMFT_THIN_H

#include "realization/basis.h"

typedef enum { MDM_ROWS, MDM_COLS, MDM_NEITHER } mdm_side;

/* One side of the matrix. Rows carry the backward input q and the Gaussian part Ω of the forward product; columns carry
 * the forward input p and the Gaussian part K of the backward product. */
typedef struct X(thin_side) {
  size_t n;           /* particles */
  X(population) *pop; /* where this side's Gaussian columns live: the particles, or (tied) the neurons that experts share */
  size_t groups;      /* tied or twins: n = groups · pop->n, and Gaussian columns are the same in every group; 1 otherwise */
  X(basis) *basis;    /* directions of this side's field (tied: of its mean over groups) */
  double variance;    /* of the Gaussian columns: V_f on rows, V_b on columns; 0: there are none */
  int learns;         /* the learned part is kept on this side, in an array of its own */
  real *gauss;        /* pop->n × k: Gaussian columns, one for each direction of the other side, as drawn */
  real *all;          /* n × k: scaled Gaussian + learned part where this side learns; else the same array as gauss */
  real *momentum;     /* n × k: what momentum keeps of both; NULL without momentum */
  size_t k, capacity_gauss, capacity_all, capacity_momentum;
  size_t forgotten;   /* columns that were drawn and are no more: draws are never repeated */
  unsigned long mean_id; /* groups: field that mean belongs to */
  real *mean;         /* groups: pop->n × P, the field's mean over groups */
  size_t mean_size;
} X(thin_side);

/* Where Gaussian columns come from: drawn (the limit), or read off a given matrix (the response probe of a finite
 * network). Fills columns k … k + count − 1 of one side's gauss. */
typedef int (*X(thin_source))(X(thin) *A, mdm_side side, size_t k, size_t count, real *out, mdm_error *err);

struct X(thin) {
  X(matrix) base;
  X(thin_side) side[2]; /* MDM_ROWS, MDM_COLS */
  mdm_side learner;   /* the side that steps add to; MDM_NEITHER: they are kept elsewhere */
  int forgets;        /* directions are forgotten (forget.h): both sides `learn`, as what is forgotten on one side is known on the other, and
                         gauss only holds columns on their way to `all` */
  X(thin_source) draw;
  void *source;         /* for draw */
  int notes;            /* directions of a field that nothing is drawn for (V = 0 on the other side) are kept all the same, so that what is
                           drawn on this side for the other product is orthogonal to them */
  mdm_stream key;
  double scale, scale_momentum; /* decay: what is left of the initial matrix, and its part of the momentum */
  real *work, *shared;  /* projections; tied: an output before it is spread over groups */
  size_t work_size, shared_size;
};

/* What a side of a new matrix is made of. */
typedef struct X(thin_place) {
  size_t n;
  X(population) *pop; /* pop->n divides n */
  X(basis) *basis;
} X(thin_place);

/* A matrix rows ← cols with the coefficients of its tensor, its learned part kept on side `learns` (the side whose
 * counterpart's field has fewer directions; MDM_NEITHER: it is kept elsewhere). Populations and bases outlive it. */
void X(thin_init)(X(thin) *A, mdm_tensor tensor, const mdm_coefficients *coef, X(thin_place) rows, X(thin_place) cols,
                  mdm_side learns, mdm_stream key);
void X(thin_clear)(X(thin) *A);
/* Its columns; populations and bases are walked before, by whoever owns them. */
void X(thin_walk)(X(thin) *A, mdm_state *s);
/* From here on, before anything is drawn, directions of the matrix may be forgotten. Not for twins. */
void X(thin_forgets)(X(thin) *A);
/* Makes the factors span a forward input p and a backward input q (already so after forward and backward of a limit
 * matrix), their coordinates available in both sides' bases. */
int X(thin_follow)(X(thin) *A, const X(field) *p, const X(field) *q, mdm_error *err);
/* One step in which the initial matrix only decays; its learned part is kept elsewhere. */
void X(thin_decay)(X(thin) *A, const mdm_step *step);
/* Fields of groups: out (n × P) = mean over groups of in (groups·n × P); out (groups·n × P) = in (n × P) in every group, added when
 * accumulate is set. The mean is not 0 where memory is out. */
int X(mean_over_groups)(size_t groups, size_t n, size_t P, const real *in, real *out);
void X(spread_over_groups)(size_t groups, size_t n, size_t P, const real *in, int accumulate, real *out);
/* The field as this side's population sees it: itself, or its mean over groups. Valid until the next call. */
int X(thin_view)(X(thin) *A, mdm_side side, const X(field) *f, X(field) *view, mdm_error *err);

#endif
