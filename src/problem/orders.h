/* Order parameters of the limit over all steps, as one vector: what self-consistency sweeps are given, and what they measure
 * again (docs/theory.md, self-consistency). Double precision throughout; nothing here knows particles.
 *
 * With n = (steps + 1) × batch indices (step and sample, step major) the vector holds
 *   f        n × C          predictions, sample by sample
 *   kernels  n × n each     ⟨p(t) p(s)⟩ of the fields that drive matrices: h, ρ, γ, y, δ; where experts are tied also of the means
 *                           of γ and y over experts; of every residual block: n for h, r behind the block for δ
 *   actions  n × n each     ⟨p(t) κ(s)⟩, s < t, and ⟨q(t) ω(s)⟩, s ≤ t (steps), of every matrix and side with a Gaussian part; zero
 *                           elsewhere. ω ~ V_f ⟨p p⟩ and κ ~ V_b ⟨q q⟩ are the Gaussian parts of the initial matrix
 * Arrays are row-major, t before s. A state that drives particles holds responses R in place of actions: ⟨p(t) κ(s)⟩ = Σ R(t,s') ⟨q(s') q(s)⟩
 * (R here contains V_b, and V_f). A response stays what it is when kernels change a little; an action does not, and read with other
 * kernels its error in weak directions is amplified. */
#ifndef MOEDMFT_ORDERS_H
#define MOEDMFT_ORDERS_H

#include "scaling/scaling.h"
#include "problem/problem.h"

enum { MDM_SIDE_ROWS, MDM_SIDE_COLS, MDM_SIDES }; /* as mdm_side (src/realization/thin.h) */
enum { MDM_ORDER_H, MDM_ORDER_RHO, MDM_ORDER_GAMMA, MDM_ORDER_Y, MDM_ORDER_DELTA, MDM_ORDER_GAMMA_MEAN, MDM_ORDER_Y_MEAN, MDM_KERNELS };
enum { MDM_KIND_F, MDM_KIND_KERNEL, MDM_KIND_ACTION, MDM_KINDS };
/* One array of the vector. */
typedef struct mdm_order {
  int kind;
  size_t level;     /* kernels, actions: residual block; 0 without */
  size_t at, count;
  int kernel;       /* kernels: which */
  mdm_tensor tensor;
  int side;         /* actions: side of the field that responds: p (cols) to κ, q (rows) to ω */
} mdm_order;

typedef struct mdm_layout {
  size_t steps, P, C, n; /* steps + 1 times; samples of a step; outputs; n = steps · P */
  int tied;              /* experts share Gaussian parts: those of γ and y see means over experts */
  double variance[MDM_TENSORS][MDM_SIDES]; /* of the Gaussian parts: V_f on rows, V_b on columns */
  size_t levels;         /* residual blocks, at least 1 */
  size_t orders, size;   /* arrays; numbers in all */
  mdm_order *order;      /* orders: f, then of every level its kernels, then its actions */
} mdm_layout;

/* The vector of a problem whose tensors have such coefficients, the same in every residual block. counted: experts are finite in number, their
 * router is no random matrix but stream particles' own. Release with mdm_layout_clear, also after MDM_ERR_MEMORY. */
int mdm_layout_init(mdm_layout *l, const mdm_problem *problem, const mdm_coefficients coef[MDM_TENSORS], int counted, mdm_error *err);
void mdm_layout_clear(mdm_layout *l);
/* First element of an array in the vector x; NULL when the layout has none. */
double *mdm_layout_kernel(const mdm_layout *l, double *x, size_t level, int kernel);
double *mdm_layout_action(const mdm_layout *l, double *x, size_t level, mdm_tensor t, int side);
/* Kernel of the field on one side of a matrix; gaussian: as that matrix's Gaussian part sees it (the mean over tied experts). */
int mdm_layout_field(const mdm_layout *l, mdm_tensor t, int side, int gaussian);
/* Typical size of an array's entries times √count: its norm (f, kernels), or the bound that norms of its fields set (actions). */
double mdm_order_scale(const mdm_layout *l, const mdm_order *b, const double *x);

/* A kernel in terms of orthonormal directions, found step by step, so that nothing at one step depends on later ones:
 *   Φ ≈ Dᵀ D,   u(t) = (p(t) − Σ_known u D) make,   p(t) ≈ Σ u D
 * New directions of a step are those of its residual's Gram matrix, as in the thin factors (src/realization/particles.c). */
typedef struct mdm_factor {
  size_t k;     /* directions */
  size_t *born; /* steps + 1: directions known before each step, and in the end */
  double *D;    /* k × n, column-major: coordinates; zero for directions that come later */
  double *E;    /* n × k, column-major: u = Σ_t p(t) E(t), so D E = 1 */
  double *make; /* P × k: from a step's residuals to its new directions */
} mdm_factor;

/* A state that particles can be driven with. */
typedef struct mdm_given {
  const mdm_layout *layout;
  const double *x;                    /* the vector, with responses; not owned */
  mdm_factor (*factor)[MDM_KERNELS];  /* levels: empty where the layout has no such kernel */
  double *(*G)[MDM_TENSORS][MDM_SIDES]; /* levels: k × n: actions in directions of the other side's field, ⟨p K⟩ and ⟨q Ω⟩; or NULL */
  unsigned sweep;                     /* number of the sweep, from 1: selects the draws */
} mdm_given;

/* tolerance: relative amplitude of a new direction. Returns a status. */
int mdm_given_create(mdm_given *g, const mdm_layout *l, const double *x, double tolerance, unsigned sweep, mdm_error *err);
void mdm_given_clear(mdm_given *g);
/* An action under the state: out (n × n). */
void mdm_given_action(const mdm_given *g, const mdm_order *b, double *out);
/* Actions in y, measured under the state's kernels, become responses. Returns a status. */
int mdm_given_responses(const mdm_given *g, double *y, mdm_error *err);

#endif
