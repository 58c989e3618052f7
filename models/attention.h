/* Attention heads as particles: the map of a head from queries, keys and values to its output, which mixes the tokens of one sequence.
 *
 *   S_tt' = s q_t·k_t',   A = softmax of S over the tokens t' that t sees,   o_t = Σ_t' A_tt' v_t'
 * and backward, with b = H ∂L/∂o (H: particles; docs/theory.md, attention),
 *   Σ_tt' = s A_tt' b_t·(v_t' − o_t);   γ^q_t = Σ_t' Σ_tt' k_t',   γ^k_t' = Σ_t Σ_tt' q_t,   γ^v_t' = Σ_t A_tt' b_t,   H times the raw gradients.
 * Queries and keys may be normalized, n(x) = x/√(⟨x²⟩ + ε) with the mean over a head's d_k (Dehghani et al. 2023, arXiv 2302.05442), and then turn with the position t
 * of their token, pairs of neighbours by the angles t 10000^(−2j/d_k) (Su et al. 2021, arXiv 2104.09864); S is of what comes out.
 * A particle is a group of G heads that share keys and values (Ainslie et al. 2023, arXiv 2305.13245; G = 1: a head). Its rows among those of u and γ:
 * q of each head, then k, then v, d_k each; among those of o and b: each head's d_k. Sequences follow each other, T tokens each. Written for every
 * realization: particles are heads of a network, or samples of infinitely many.
 */
#ifndef MOEDMFT_ATTENTION_H
#define MOEDMFT_ATTENTION_H

#include "kernels/real.h"

typedef struct X(attention) {
  size_t particles;      /* groups of heads */
  size_t queries, width; /* G, d_k */
  size_t context;        /* T */
  double scale;          /* s */
  int causal;            /* t sees t' ≤ t, and otherwise every token of its sequence */
  int rotary;            /* queries and keys turn with the position; d_k is even */
  int normalized;        /* they are normalized before */
  double eps;            /* ε of that */
} X(attention);

/* Whether scores are of something else than the rows of u, so that the functions below need room for it. */
int X(attention_turns)(const X(attention) *a);
/* o (particles·G·d_k × P) from u (particles·(G + 2)·d_k × P); turned (as u): u with its queries and keys normalized and turned (NULL where neither is asked for); weights (T × particles·G × P): A of the last call, for token t of a sequence and a head
 * the T weights of the tokens of the sequence. P is a multiple of T. */
void X(attention_forward)(const X(attention) *a, size_t P, const real *u, real *turned, real *weights, real *o);
/* gamma (as u) from b (as o); u, turned, weights and o as forward had and left them. */
void X(attention_backward)(const X(attention) *a, size_t P, const real *u, const real *turned, const real *weights, const real *o, const real *b, real *gamma);

#endif
