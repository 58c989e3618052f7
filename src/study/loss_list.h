/* Losses of the same runs at the values of one option: their means, where these have their minimum, and what lies between the values. */
#ifndef MOEDMFT_LOSS_LIST_H
#define MOEDMFT_LOSS_LIST_H

#include <moedmft/error.h>
#include <stddef.h>
#include <stdint.h>

/* Where in the list the smallest loss lies. */
typedef enum {
  MDM_BEST_INSIDE,   /* between neighbours through which a parabola fits */
  MDM_BEST_LOWER,    /* at the smallest value: the minimum may lie below */
  MDM_BEST_UPPER,    /* at the largest value: the minimum may lie above */
  MDM_BEST_DIVERGED, /* a neighbour diverged or has not learned: anywhere between the neighbours */
  MDM_BEST_NONE,     /* no finite loss, or all the same */
  MDM_BEST_BETWEEN   /* no parabola fits, as beside a kink: anywhere between the neighbours */
} mdm_best_kind;

typedef struct mdm_best {
  mdm_best_kind kind;
  size_t position;          /* of the smallest mean loss in the list */
  double x, x_error;        /* ln of the best value, and its error: both of the following; NaN at an end and for few runs */
  double x_runs, x_between; /* parts of x_error: spread over runs, which skewed losses and flat bottoms enlarge there; what the list leaves open */
  double loss, loss_error;  /* there, and its error of the same two parts */
  double runs;              /* effective number of runs: (Σ L)² / Σ L², at the smallest mean loss (Kish 1965) */
  int of_logs;              /* kind INSIDE: the parabola is that of ln L, else of L */
} mdm_best;

typedef struct mdm_losses {
  size_t n, runs;
  double *x, *y, *ceiling; /* n: ln(value), ascending; n × runs: losses; n: loss at step 0 */
  double *mean, *logs;     /* n: means over the runs that were picked last, and their logarithms; logs: NaN where a mean is not positive */
  size_t *from;            /* n: position before values without losses were left out */
} mdm_losses;

/* The list as mdm_best_value takes it, with its means over all runs. */
int mdm_losses_create(size_t n, const double *x, size_t runs, const double *y, const double *ceiling, mdm_losses *out, mdm_error *err);
void mdm_losses_clear(mdm_losses *l);

/* Means over the runs pick[r] % runs, r = 0 … runs − 1 (NULL: every run once); infinite where these runs have not learned. */
void mdm_losses_average(mdm_losses *l, const uint64_t *pick);

/* Where the means have their minimum; of errors only what does not come from the spread over runs. */
mdm_best mdm_losses_best(const mdm_losses *l);

/* The mean at a value between those of the list. */
typedef enum {
  MDM_LOSS_KNOWN,
  MDM_LOSS_BESIDE,   /* one neighbour has no finite loss; loss: that of the other */
  MDM_LOSS_DIVERGED, /* there, or at both neighbours, runs diverged or have not learned */
  MDM_LOSS_OUTSIDE   /* beyond the ends of the list */
} mdm_loss_kind;

/* The mean loss at x = ln(value), and into open (or NULL) what the list leaves open of it. Within the parabola of `best`, which mdm_losses_best
 * has found, it is that parabola; elsewhere the parabolas at both neighbours, one going over into the other, within the losses of these neighbours;
 * a straight line where there is none, or between the neighbours of a best value without a parabola. NaN: outside. */
mdm_loss_kind mdm_losses_at(const mdm_losses *l, const mdm_best *best, double x, double *loss, double *open);

#endif
