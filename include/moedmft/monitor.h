/* How a caller follows work, stops it, and hands in what was done before. */
#ifndef MOEDMFT_MONITOR_H
#define MOEDMFT_MONITOR_H

#include <signal.h>
#include <stddef.h>
#include <moedmft/error.h>
#include <moedmft/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a caller learns while work goes on. */
typedef struct mdm_progress {
  const char *task;        /* "limit", "N = 64" */
  double fraction;         /* of all the work, 0 … 1, by estimated cost */
  size_t step, steps;      /* of the run that reports */
  double loss;             /* train loss of that run at that step */
} mdm_progress;

/* How a caller follows and stops work. Every member may be zero. */
typedef struct mdm_monitor {
  void (*report)(void *context, const mdm_progress *progress); /* one call at a time, from any thread */
  void *context;
  const volatile sig_atomic_t *stop; /* becomes non-zero: stop after the step at hand, keep what was computed */
  int threads;                       /* worker threads, as for mdm_workers */
  void (*message)(void *context, const char *line); /* a line about work that goes on: fewer workers than asked for, the outcome of a self-consistency sweep */
  int save_weights;                  /* networks: keep initial and final weights of every seed */
  /* Runs that need not be done again: sets *record (the caller's to free) to the record of run `index` of a width (0: the limit), or
   * to NULL when it has to be done; *weights likewise, NULL where none were saved. */
  int (*earlier)(const void *store, long width, unsigned index, mdm_record **record, mdm_record **weights, mdm_error *err);
  const void *store; /* for earlier, e.g. an mdm_resume with mdm_resume_take */
  struct mdm_checkpoint *checkpoint; /* where runs in progress are saved and gone on from (moedmft/file.h); NULL: nowhere */
} mdm_monitor;

/* Worker threads that runs have when so many are asked for (0: one per processor). Fewer where the BLAS library cannot serve several at a
 * time: then *why (why may be NULL) receives a line that says so, else NULL. */
int mdm_workers(int wanted, const char **why);

/* Bytes of memory that are free or can be freed. */
double mdm_memory_available(void);
/* The data of this process take no more than so many bytes from now on: memory that the machine does not have is then refused, which is reported,
 * rather than granted and punished by a kill. */
void mdm_memory_limit(double bytes);

#ifdef __cplusplus
}
#endif
#endif
