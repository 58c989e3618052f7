/* A network program opened by hand, with the pieces that a run makes of it, for tests that look inside. */
#ifndef MOEDMFT_TESTS_BENCH_H
#define MOEDMFT_TESTS_BENCH_H

#include "models/moe.h"
#include "problem/problem.h"
#include "support/cosine.h"

typedef struct bench {
  mdm_config *cfg;
  mdm_data *data;
  mdm_problem *problem;
  X(realization) *R;
  X(moe) *program;
  const real *x; /* inputs of the P train samples */
  real *inputs;  /* the same, to be freed */
  real e[P];     /* error of each, set by bench_pass for one output */
} bench;

/* From a configuration, data and problem that are there: a network of width N, and its program. */
void bench_network(bench *b, long N);

/* The same with the limit on so many sample particles (experts: also heads; neurons: of each expert; 0: as many as the model says), directions told apart
 * down to this tolerance. */
void bench_limit(bench *b, size_t stream, size_t experts, size_t neurons, double tolerance);

/* Configuration (support/settings.h), data and problem, which bench_network and bench_limit start from. */
void bench_open(bench *b, const char *settings);

/* The same, samples in sequences of so many. */
void bench_open_sequences(bench *b, const char *settings, size_t context);

/* One SGD step at this rate from the last pass. */
void bench_step(bench *b, double rate);

/* The program of the realization that is there, on these inputs. */
void bench_program(bench *b, const mdm_inputs *in);

/* One forward and one backward pass of the train samples. */
void bench_pass(bench *b);

void bench_close(bench *b);
/* The loss of the network as it is, after a forward pass. */
double bench_loss(bench *b);

#endif
