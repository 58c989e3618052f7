/* What runs cost: rough work for progress and scheduling, rough bytes for the estimate that is made before a run. */
#ifndef MOEDMFT_ESTIMATE_H
#define MOEDMFT_ESTIMATE_H

#include "problem/problem.h"
#include "problem/task.h"

/* Work of one step in multiply-adds, of a replica of the limit and of a network of width N. */
double mdm_limit_cost(const mdm_problem *p, const mdm_limit_sizes *sizes);
double mdm_network_cost(const mdm_problem *p, long N);

/* Bytes that one run holds while it goes on; single: in single precision. */
double mdm_limit_bytes(const mdm_problem *p, const mdm_limit_sizes *sizes, int single);
double mdm_network_bytes(const mdm_problem *p, long N, int single);
/* Bytes of one run's record. */
double mdm_record_bytes(const mdm_problem *p);
/* Bytes of the problem itself: samples as vectors, as given and rotated, and the order in which they are used. */
double mdm_problem_bytes(const mdm_problem *p);

#endif
