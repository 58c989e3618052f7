/* Ensembles of runs: replicas of the limit, networks of several widths and seeds, in parallel; their mean and error. */
#include <moedmft/run.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/board.h"
#include "run/accuracy.h"
#include "run/bias.h"
#include "run/plan.h"
#include "run/ensembles.h"
#include "run/estimate.h"
#include "run/family.h"
#include "run/saturation.h"
#include "run/together.h"
#include "run/tolerance.h"

/* Runs of a first ensemble, handed on to the one that has more of them; beyond them, what the caller has. */
typedef struct {
  mdm_outcome *first;
  const mdm_monitor *user; /* or NULL */
} source;

static int hand_on(const void *store, long width, unsigned index, mdm_record **record, mdm_record **weights, mdm_error *err) {
  const source *s = store;
  mdm_ensemble *limit = &s->first->limit;
  *record = *weights = NULL;
  for (size_t i = 0; width == 0 && i < limit->runs; i++)
    if (limit->index[i] == index && limit->each[i]) {
      *record = limit->each[i];
      limit->each[i] = NULL;
      return MDM_OK;
    }
  return s->user && s->user->earlier ? s->user->earlier(s->user->store, width, index, record, weights, err) : MDM_OK;
}

/* Whether all runs of the first ensemble came to their end. */
static int is_complete(const mdm_config *cfg, const mdm_ensemble *e) {
  const mdm_array *loss = e->summary ? mdm_record_find(e->summary, "observables/train/loss") : NULL;
  return loss && loss->dim[0] == (size_t)mdm_config_int(cfg, "train.steps") + 1;
}

/* Replicas that the caller has already, counted from the first on: they are not thrown away. */
static int count_earlier(const mdm_monitor *monitor, size_t from, size_t *n, mdm_error *err) {
  int status = MDM_OK;
  for (*n = from; monitor && monitor->earlier && !status; ++*n) {
    mdm_record *record, *weights;
    status = monitor->earlier(monitor->store, 0, (unsigned)*n, &record, &weights, err);
    int there = !status && record;
    mdm_record_free(record);
    mdm_record_free(weights);
    if (!there) break;
  }
  return status;
}

static void announce_sizes(const mdm_config *cfg, double accuracy, size_t replicas, const mdm_monitor *monitor) {
  char line[240], experts[48] = "", neurons[48] = "";
  long E = mdm_config_int(cfg, "solve.expert_particles"), J = mdm_config_int(cfg, "solve.neuron_particles");
  if (!monitor || !monitor->message) return;
  if (mdm_by_networks(cfg)) {
    char widths[100];
    mdm_config_format(cfg, "solve.widths", widths, sizeof widths);
    snprintf(line, sizeof line, "limit: %zu families of networks of N = %s, for a standard error of %g of the loss (solve.accuracy)", replicas, widths, accuracy);
    monitor->message(monitor->context, line);
    return;
  }
  if (E) snprintf(experts, sizeof experts, ", %ld experts", E);
  if (J) snprintf(neurons, sizeof neurons, ", %ld neurons of each expert", J);
  snprintf(line, sizeof line, "limit: %ld particles%s%s, %zu replicas, for a standard error of %g of the loss (solve.accuracy)", mdm_config_int(cfg, "solve.particles"),
           experts, neurons, replicas, accuracy);
  monitor->message(monitor->context, line);
}

/* Replicas that bring the error of the loss (mdm_loss_error) to the accuracy that is asked for, from the spread of the first of them; 0: their
 * number is given. first: those, to be cleared whatever this returns. */
static int replicas_needed(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, size_t *needed, mdm_outcome *first, mdm_error *err) {
  enum { MOST = 100000 };
  double target = mdm_config_int(cfg, "solve.replicas") ? 0 : mdm_accuracy_asked(cfg), replicas = 0;
  size_t held;
  *needed = 0;
  *first = (mdm_outcome){.limit = {.ended_at = -1}};
  if (target == 0) return MDM_OK;
  *needed = mdm_accuracy_first(target);
  int status = mdm_run_check(cfg, data, what, err);
  if (!status) status = mdm_ensembles_run(cfg, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, *needed, monitor, first, err);
  if (!status) replicas = ceil((double)*needed * pow(mdm_loss_error(&first->limit) / target, 2));
  if (replicas > MOST)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.accuracy = %g would take %.3g replicas; raise it, or %s", target, replicas,
                    mdm_by_networks(cfg) ? "solve.widths" : "solve.particles");
  if (replicas > (double)*needed) *needed = (size_t)replicas;
  if (!status) status = count_earlier(monitor, *needed, &held, err);
  if (!status) announce_sizes(cfg, target, *needed = held, monitor);
  return status;
}

/* The ensembles, with as many replicas as are needed. */
static int run_ensembles(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  size_t replicas = 0;
  mdm_outcome first = {.limit = {.ended_at = -1}};
  mdm_monitor with_first = monitor ? *monitor : (mdm_monitor){0};
  int status = what & MDM_RUN_LIMIT ? replicas_needed(cfg, data, what, monitor, &replicas, &first, err) : MDM_OK;
  if (!status || status == MDM_ERR_DIVERGED || status == MDM_INTERRUPTED) { /* those two happen again below, and are kept */
    const source from = {&first, monitor};
    if (is_complete(cfg, &first.limit)) with_first.earlier = hand_on, with_first.store = &from;
    status = mdm_ensembles_run(cfg, data, what, replicas, &with_first, out, err);
  }
  mdm_outcome_clear(&first);
  return status;
}

/* The bias of a complete limit. Whoever stops it keeps all runs. */
static int check_bias(const mdm_bias *bias, const mdm_data *data, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  int status = mdm_bias_is_asked(bias) ? mdm_bias_check(bias, data, monitor, &out->limit, err) : MDM_OK;
  if (status == MDM_INTERRUPTED) return mdm_fail(err, status, "stopped while the bias was estimated (solve.bias_check); all runs are complete and kept, and the same command goes on with the rest");
  if (status) mdm_outcome_clear(out);
  return status;
}

int mdm_run(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  mdm_bias bias = {0};
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  mdm_announce_workers(monitor);
  if (what & MDM_RUN_LIMIT && !mdm_by_networks(cfg)) mdm_announce_tolerance(cfg, monitor);
  int status = what & MDM_RUN_LIMIT ? mdm_bias_read(cfg, data, &bias, err) : MDM_OK;
  if (!status) status = run_ensembles(cfg, data, what, monitor, out, err);
  if (!status) status = check_bias(&bias, data, monitor, out, err);
  mdm_announce_bias(cfg, out->limit.summary, monitor);
  mdm_bias_clear(&bias);
  return status;
}

/* What estimating the bias takes beside the limit's records, and what it keeps of each replica. */
static double bias_bytes(const mdm_config *cfg, const mdm_data *data, size_t replicas, const mdm_monitor *monitor) {
  mdm_bias bias;
  double bytes = 0;
  int status = mdm_bias_read(cfg, data, &bias, NULL);
  if (!status && mdm_bias_is_asked(&bias)) bytes = mdm_bias_bytes(&bias, data, monitor, replicas);
  mdm_bias_clear(&bias);
  return bytes;
}

double mdm_memory_estimate(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor) {
  const mdm_monitor plain = {.threads = monitor ? monitor->threads : 0, .save_weights = monitor && monitor->save_weights};
  const double cheap = 1e9; /* multiply-adds of a pilot: some tenths of a second */
  int every_seed = !strcmp(mdm_config_text(cfg, "output.every_seed"), "true");
  const char *why;
  mdm_plan p;
  double bytes = 0;
  double asked = mdm_config_int(cfg, "solve.replicas") ? 0 : mdm_accuracy_asked(cfg);
  size_t replicas = asked > 0 ? mdm_accuracy_expected(cfg, asked) : 0;
  int status = mdm_plan_create(cfg, data, what, replicas, &plain, &p, NULL);
  if (!status) p.together = mdm_together(&p, p.tasks, &why);
  if (!status) bytes = mdm_plan_bytes(&p, every_seed, plain.threads, cheap);
  if (bytes > 0 && what & MDM_RUN_LIMIT) {
    double more = bias_bytes(cfg, data, replicas, &plain);
    if (more > 0) bytes = fmax(bytes, more + 2 * (double)p.replicas * mdm_record_bytes(p.problem)); /* records of the limit, and differences */
  }
  mdm_plan_clear(&p);
  return bytes;
}
