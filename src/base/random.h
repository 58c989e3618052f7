/* Counter-based random numbers (Philox4x64-10 of Random123): a draw is a function of (seed, purpose, column, particle)
 * alone, so neither thread count nor the order of calls changes it. */
#ifndef MOEDMFT_RANDOM_H
#define MOEDMFT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* One stream of independent draws: seed of the run, index of replica or network, and what the numbers are for. */
typedef struct mdm_stream {
  uint64_t seed;
  uint32_t run;     /* replica, or network seed */
  uint32_t purpose; /* enum below, plus what the caller adds */
  uint64_t width;   /* networks: N, so that networks of different widths are independent; 0 otherwise */
  uint64_t block;   /* residual block whose matrices are drawn; 0 otherwise */
  unsigned half;    /* samples of the limit: 1: a population of n particles takes draws behind the first n (src/run/bias.c); 0 otherwise */
} mdm_stream;

/* Purposes: particles of a population, columns of a limit matrix, entries of a dense matrix. The tensor is added. */
enum { MDM_DRAW_PARTICLES = 0, MDM_DRAW_ROWS = 16, MDM_DRAW_COLS = 32, MDM_DRAW_DENSE = 48, MDM_DRAW_ORDER = 64, MDM_DRAW_BIAS = 65, MDM_DRAW_BOOTSTRAP = 66, MDM_DRAW_SKETCH = 67,
       MDM_DRAW_FAMILY = 128 /* is added for the networks of a family, so that others are independent of them */ };

/* out[i] ~ N(0,1) for particles i = 0 … n−1 of one column. */
void mdm_normals(mdm_stream stream, uint64_t column, size_t n, double *out);
/* The same for particles first … first + n − 1; first: a multiple of 4. */
enum { MDM_NORMALS_BATCH = 256 };
void mdm_normals_from(mdm_stream stream, uint64_t column, size_t first, size_t n, double *out);
/* out[i] = a random 64-bit word for i = 0 … n−1. */
void mdm_words(mdm_stream stream, uint64_t column, size_t n, uint64_t *out);

#endif
