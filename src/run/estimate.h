/* What runs cost: work for progress and scheduling, bytes for what is announced before a run. Bytes are those of the arrays at the moment
 * when most of them are there, counted where they are allocated (src/models, src/realization, src/training): who adds an array there adds it
 * to estimate.c; validation/memory.py compares with what runs take. */
#ifndef MOEDMFT_ESTIMATE_H
#define MOEDMFT_ESTIMATE_H

#include "problem/problem.h"
#include "problem/task.h"

/* Work of one step in multiply-adds, of a replica of the limit and of a network of width N. */
double mdm_limit_cost(const mdm_problem *p, const mdm_limit_sizes *sizes);
double mdm_network_cost(const mdm_problem *p, long N);
/* Directions of a field that are held at most where they are cut back to `rank` (solve.rank): some more than those, and those of a step. */
double mdm_directions_bound(const mdm_problem *p, double rank);
/* The same of a step at which fields of the limit have visited so many directions. */
double mdm_limit_step(const mdm_problem *p, const mdm_limit_sizes *sizes, double directions);

/* Bytes that one run holds while it goes on, beside its record; single: in single precision; d: directions in the end. */
double mdm_limit_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single);
double mdm_network_bytes(const mdm_problem *p, long N, int single);
/* The same of a replica of self-consistency sweeps, whose particles are driven by order parameters. */
double mdm_given_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single);
/* What measuring order parameters adds to either. */
double mdm_measure_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, const mdm_directions *d, int single);
/* Bytes of one run's record, and of the initial and final weights of a network. */
double mdm_record_bytes(const mdm_problem *p);
double mdm_weights_bytes(const mdm_problem *p, long N);
/* Bytes of targets, indices and batches as they are written beside results; and of inputs, as a file has them. */
double mdm_data_bytes(const mdm_problem *p);
double mdm_inputs_bytes(const mdm_problem *p);
/* Bytes of the problem itself: inputs in other coordinates than those of the data, and the order in which samples are used. */
double mdm_problem_bytes(const mdm_problem *p);

#endif
