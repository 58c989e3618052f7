/* The limit from finite networks (solve.method: networks; docs/theory.md, the limit from networks).
 *
 * A replica of the limit is then a family: a network of width N, and parts of it, halves, eighths, …, each a network of its own width whose weights
 * are a block of the same draws. What they measure is extrapolated to N = infinity entry by entry, so that all that is done with replicas of
 * particles (means, errors, comparison, checkpoints, more of them) is done with families. */
#ifndef MOEDMFT_FAMILY_H
#define MOEDMFT_FAMILY_H

#include <moedmft/config.h>
#include <moedmft/record.h>
#include <moedmft/run.h>

#include "problem/problem.h"
#include "problem/task.h"
#include "scaling/compare_predict.h"

enum { MDM_FAMILY_WIDTHS = 5, MDM_FAMILY_MEMBERS = (1 << MDM_FAMILY_WIDTHS) - 1 };

typedef struct mdm_family {
  size_t widths;                 /* 0: the limit comes from sample particles */
  long width[MDM_FAMILY_WIDTHS]; /* descending, each 1/2, 1/4, 1/8, ... of the one before */
  mdm_rate_rules rules;          /* powers of N in which what is measured approaches the limit */
} mdm_family;

/* Whether the limit comes from networks. */
int mdm_by_networks(const mdm_config *cfg);
/* What solve.method and solve.widths ask for. MDM_ERR_CONFIG: widths that are no such family, or too small for the model. */
int mdm_family_read(const mdm_config *cfg, const mdm_model *model, mdm_family *out, mdm_error *err);
/* The largest width where none is given, and families of such a largest width, by the powers of N of the series. MDM_ERR_CONFIG: the model has no networks so small. */
long mdm_family_usual_width(const mdm_rate_rules *rules);
int mdm_family_usual(const mdm_model *model, const mdm_rate_rules *rules, long largest, mdm_family *out, mdm_error *err);
/* "networks of N = 32, 64, 128 in families, extrapolated in 1/N". */
int mdm_family_text(const mdm_config *cfg, char *out, size_t size, mdm_error *err);
size_t mdm_family_members(const mdm_family *f);
/* Member i of the family of a replica: the network, its parts, their parts, …: a task of its own, that reports to the same board. */
mdm_task mdm_family_member(const mdm_family *f, const mdm_problem *p, const mdm_task *replica, size_t i);
/* Multiply-adds of one step of all members; bytes of the largest. */
double mdm_family_cost(const mdm_family *f, const mdm_problem *p);
double mdm_family_bytes(const mdm_family *f, const mdm_problem *p, int single);

/* The record of a replica from those of its members (mdm_family_members): every array at N = infinity by Richardson's extrapolation, in 1/N or
 * N^-1/2 and 1/N (mdm_rate_lowest); "bias/PATH", how far that is off by the next power, where there is a width more than this takes; and
 * "levels/…", losses at each width. */
int mdm_family_combine(const mdm_family *f, mdm_record *const *member, mdm_record **out, mdm_error *err);
/* Losses of n > 1 replicas from their predictions: those of the mean prediction at N = infinity, without the bias of a function of a mean, as
 * jackknife pseudo-values, whose mean and standard error are the loss and its error (Quenouille 1956; Tukey 1958). Likewise accuracies, where a
 * sample counts by the probability that the limit has it right. */
int mdm_family_losses(const mdm_family *f, const mdm_problem *p, mdm_record *const *replica, size_t n, mdm_error *err);
/* After the reduction of n replicas: standard errors that hold the error of extrapolation as well as the noise, and what there is to say about
 * both (diagnostics/extrapolation_…). Of particles: nothing. */
int mdm_family_errors(mdm_record *summary, size_t n, mdm_error *err);
/* A standard error with what a bias is beyond its own noise. */
double mdm_family_error(double error, double bias, double noise);
/* Whether a record is that of families. */
int mdm_is_of_families(const mdm_record *rec);
/* Squared spread of the extrapolated loss curves of single families, relative to their mean square: of train and test part the larger. */
double mdm_family_spread(const mdm_ensemble *limit);

#endif
