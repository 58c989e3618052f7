/* Ensembles of runs: replicas of the limit, networks of several widths and seeds, in parallel; their mean and error. Each run is a
 * task, whose pieces idle threads share. */
#include <moedmft/run.h>

#include <math.h>
#include <string.h>

#include "base/board.h"
#include "run/collect.h"
#include "run/execute.h"
#include "run/plan.h"
#include "run/saturation.h"
#include "run/together.h"
#include "run/tolerance.h"

static int run_replicas(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor,
                        mdm_outcome *out, mdm_error *err) {
  mdm_plan p;
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  int status = mdm_plan_create(cfg, data, what, replicas, monitor, &p, err);
  if (!status) status = mdm_plan_execute(&p, monitor ? monitor->threads : 0, err);
  if (!status) status = mdm_plan_collect(&p, out, err);
  if (status) mdm_outcome_clear(out);
  else status = mdm_outcome_verdict(p.problem, out, err);
  mdm_plan_clear(&p);
  return status;
}

/* Mean over steps, samples and outputs of the squared standard error of the train predictions; 0: not known. */
static double prediction_variance(const mdm_ensemble *limit) {
  const mdm_array *f = limit->summary ? mdm_record_find(limit->summary, "observables/train/prediction") : NULL;
  size_t n = f && f->error ? f->dim[0] * f->dim[1] * f->dim[2] : 0;
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += f->error[i] * f->error[i] / (double)n;
  return sum;
}

/* Replicas that bring the standard error of the train predictions (RMS over steps, samples and outputs) to solve.accuracy,
 * from the spread of a first solution with the configuration's number; 0 when that is enough, or no accuracy is asked for. */
static int replicas_needed(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, size_t *needed, mdm_error *err) {
  enum { MOST = 100000 };
  double target = mdm_config_real(cfg, "solve.accuracy");
  long first = mdm_config_int(cfg, "solve.replicas");
  *needed = 0;
  if (target == 0) return MDM_OK;
  if (first < 3) return mdm_fail(err, MDM_ERR_CONFIG, "solve.accuracy needs solve.replicas >= 3, to measure the spread; it is %ld", first);
  mdm_outcome pilot;
  int status = run_replicas(cfg, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, 0, monitor, &pilot, err);
  double replicas = status ? 0 : ceil((double)first * prediction_variance(&pilot.limit) / (target * target));
  mdm_outcome_clear(&pilot);
  if (replicas > MOST)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.accuracy = %g would take %.3g replicas; raise it, or solve.particles", target, replicas);
  if (replicas > (double)first) *needed = (size_t)replicas;
  return status;
}

int mdm_run(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  size_t replicas = 0;
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  mdm_announce_workers(monitor);
  if (what & MDM_RUN_LIMIT) mdm_announce_tolerance(cfg, monitor);
  int status = what & MDM_RUN_LIMIT ? replicas_needed(cfg, data, monitor, &replicas, err) : MDM_OK;
  if (status && status != MDM_ERR_DIVERGED && status != MDM_INTERRUPTED) return status; /* those two happen again below, and are kept */
  status = run_replicas(cfg, data, what, replicas, monitor, out, err);
  mdm_announce_bias(cfg, out->limit.summary, monitor);
  return status;
}

double mdm_memory_estimate(const mdm_config *cfg, const mdm_data *data, int what, const mdm_monitor *monitor) {
  const mdm_monitor plain = {.threads = monitor ? monitor->threads : 0, .save_weights = monitor && monitor->save_weights};
  const double cheap = 1e9; /* multiply-adds of a pilot: some tenths of a second */
  int every_seed = !strcmp(mdm_config_text(cfg, "output.every_seed"), "true");
  const char *why;
  mdm_plan p;
  double bytes = 0;
  int status = mdm_plan_create(cfg, data, what, 0, &plain, &p, NULL);
  if (!status) p.together = mdm_together(&p, p.tasks, &why);
  if (!status) bytes = mdm_plan_bytes(&p, every_seed, plain.threads, cheap);
  mdm_plan_clear(&p);
  return bytes;
}
