/* Initial draws that both realizations of the limit share. */
#ifndef MOEDMFT_LIMIT_H
#define MOEDMFT_LIMIT_H

#include "realization/dense.h"
#include "realization/particles.h"

/* W_in and v (out: particles × n), whitened jointly. Returns a status. */
int X(draw_particles)(X(population) *stream, mdm_stream key, size_t n, real *out, mdm_error *err);
/* The rows of a counted router q (NULL: none) as further columns of the stream, n and on, orthogonal to those before. Returns a status. */
int X(draw_router)(X(population) *stream, mdm_stream key, X(dense) *q, size_t n, mdm_error *err);
/* Selection biases of n experts. A population of experts has its moments matched; counted experts (experts = NULL) have those
 * of the seed, as networks have. Returns a status. */
int X(draw_biases)(X(population) *experts, mdm_stream key, uint64_t seed, size_t n, real *out, mdm_error *err);

#endif
