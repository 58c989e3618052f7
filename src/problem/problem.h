/* A configuration and its data, made ready for a training run: nothing here depends on precision or realization. */
#ifndef MOEDMFT_PROBLEM_H
#define MOEDMFT_PROBLEM_H

#include <moedmft/config.h>
#include <moedmft/data.h>
#include <moedmft/record.h>

#include "scaling/model.h"
#include "scaling/optimizer.h"

typedef enum { MDM_LOSS_MSE, MDM_LOSS_CROSS_ENTROPY } mdm_loss;

/* Inputs x_μ/√D. Where they are those of the data, they are scaled when they are read; other coordinates are held. */
typedef struct mdm_inputs {
  const mdm_samples *part[2]; /* of the data: train, test; not owned */
  double scale;               /* 1/√fan-in */
  size_t inputs;  /* length of an input vector: D, or fewer when rotated into the span of the samples */
  size_t drawn;   /* the first of these columns of W_in are drawn, the others start at zero */
  size_t fixed;   /* the first of these columns receive no gradient (they only decay) */
  double *held[2]; /* inputs × P, column-major, of train and test part; NULL: as the data have them */
  double *std;    /* inputs: factors of the initial entries of W_in's columns; NULL: 1 */
} mdm_inputs;

/* Directions of the input space in which the train samples are largest (principal components of x, not centred). */
typedef struct mdm_axes {
  size_t count;
  double *v; /* D × count: orthonormal columns, the largest first */
} mdm_axes;

typedef struct mdm_problem {
  mdm_model model;
  const mdm_data *data; /* not owned */
  mdm_inputs full;      /* as given: D of them */
  mdm_inputs network;   /* for networks, whose W_in has D columns: full, or where entrywise optimizers train a table of positions, ones in the place of its
                           standard deviations, which W_in's columns then have: the table is what learns, at the rate of the embedding */
  mdm_inputs reduced;   /* for the limit: the same Gram matrix in the fewest coordinates */
  size_t context;       /* T, tokens of a sequence: samples b T … b T + T − 1; batches hold whole ones */
  mdm_loss loss;
  double loss_multiplier;
  mdm_optimizer optimizer;
  size_t steps, batch;  /* gradient steps; samples per step: tokens of train.batch sequences */
  size_t *order;        /* (steps + 1) × batch: sample indices of every step; NULL for the full batch */
  int full_batch;
  size_t every;         /* test part: every so many steps */
  size_t *times, n_times; /* steps of the time grid of kernels and responses, ascending */
  size_t kernel_samples;  /* samples of the batch whose kernels are stored */
  int kernels, responses, statistics, ntk; /* what to record */
  size_t *stored, n_stored; /* blocks whose kernels and responses are stored, ascending */
  size_t histogram_bins;
  double histogram_range; /* of the logits: −range … range */
  int parts;              /* split products into initial, propagating, effective and cross parts on the time grid */
  mdm_axes axes;          /* along which networks of a family have matched draws; count = 0: none */
  double tolerance;       /* relative amplitude of a new direction, in the limit and in response probes */
  int untargeted;         /* some samples have no target (mdm_has_target) */
  unsigned long seed;
} mdm_problem;

/* Builds the problem. Errors: MDM_ERR_CONFIG for options that contradict each other or the data; MDM_ERR_DATA where a
 * batch, or the test part, has no target at all. */
int mdm_problem_create(const mdm_config *cfg, const mdm_data *data, mdm_problem **out, mdm_error *err);
void mdm_problem_free(mdm_problem *p);

/* Inputs of sample μ of the train (0) or test (1) part into x: inputs->inputs numbers. */
void mdm_inputs_of(const mdm_inputs *in, int test, size_t sample, double *x);

/* Along how many axes draws of a network of N neurons and C outputs are matched: N/6, but no more constraints than half of the neurons. */
size_t mdm_matched_axes(size_t N, size_t C);
/* Fills axes with the leading `count` directions, or as many as there are inputs and samples. MDM_ERR_MEMORY, MDM_ERR_NUMERIC. */
int mdm_problem_find_axes(mdm_problem *p, size_t count, mdm_error *err);

/* Index of the k-th sample of step t's batch. */
size_t mdm_problem_sample(const mdm_problem *p, size_t t, size_t k);
/* Targets of the first n samples of step t's batch into y: outputs × n. */
void mdm_problem_targets(const mdm_problem *p, size_t t, size_t n, double *y);

/* Whether a sample with targets y (outputs) has one: of classes, one-hot rows of zeros say that it is to be left out of loss, accuracy and alignment. */
int mdm_has_target(const mdm_problem *p, const double *y);
/* How many of n samples have a target; y: outputs × n. */
size_t mdm_targeted(const mdm_problem *p, size_t n, const double *y);
/* Alignment (base/summary.h) of a kernel (n × n) with the targets y (outputs × n) of those of n samples that have one; changes kernel and y; rounding: as there; work: outputs × n. */
double mdm_problem_alignment(const mdm_problem *p, size_t n, double *kernel, double *y, double rounding, double *work);

/* The test part is evaluated at steps 0, every, 2 every, … and the last: how often, and the step of record i. */
size_t mdm_test_count(size_t steps, size_t every);
size_t mdm_test_step(size_t steps, size_t every, size_t i);
/* Likewise of a problem, and whether step t is one of them. */
size_t mdm_problem_test_count(const mdm_problem *p);
int mdm_problem_tests_at(const mdm_problem *p, size_t t);
/* Place of a block among those whose kernels and responses are stored, or −1. */
long mdm_problem_stores(const mdm_problem *p, size_t block);
/* Index of step t in the time grid, or −1. */
long mdm_problem_time_index(const mdm_problem *p, size_t t);
/* Adds the steps of the time grid to a record, as the axis "time" at this path. */
int mdm_problem_add_times(const mdm_problem *p, mdm_record *rec, const char *path, mdm_error *err);

/* Loss of a batch of n samples: mean over those that have a target (mdm_has_target) of ½ Σ_c (f − y)², of softmax cross-entropy, or (C = 1) of
 * log(1 + e^{−y f}); times the multiplier. f, e: outputs × n; y: the n targets, outputs each. e (may be NULL) receives
 * ∂L/∂f, 0 of the others; *accuracy (may be NULL) the fraction classified correctly, where a tie counts by the
 * chance to be right: 1/2 at f = 0 (C = 1), one over the number of outputs that share the top. */
double mdm_loss_eval(const mdm_problem *p, size_t n, const double *f, const double *y, double *e, double *accuracy);

#endif
