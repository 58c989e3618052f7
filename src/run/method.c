/* solve.method: auto: what a standard error of the loss costs by particles and by networks, from short pilots of both (docs/engineering.md, the
 * choice of a method). Work is counted in multiply-adds: nothing depends on time or threads. */
#include <moedmft/run.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/condition.h"
#include "config/assign.h"
#include "run/accuracy.h"
#include "run/ensembles.h"
#include "run/family.h"
#include "run/plan.h"

enum { FAMILIES = 12, FEWEST = 8, LEAST_STEPS = 4 };
static const double LOOK = 3e9; /* multiply-adds of the pilot of networks */
static const double USUAL = 1e-2; /* standard error at which both are compared where none is asked for */

typedef struct {
  double networks, particles;  /* multiply-adds; infinite: that way is closed */
  double directions;           /* of a field in the end, by particles */
} costs;

/* The configuration by one method, measuring losses alone. */
static int by(const mdm_config *cfg, const char *method, mdm_config **out, mdm_error *err) {
  static const char *const off[] = {"output.kernels=false", "output.statistics=false", "output.responses=false", "output.ntk=false", "output.parts=false",
                                    "output.times=[]", "solve.replicas=0", "solve.accuracy=0"};
  int status = mdm_config_copy(cfg, out, err);
  if (!status) status = mdm_config_assign(*out, "solve.method", method, err);
  if (!status) status = mdm_config_assign_all(*out, off, sizeof off / sizeof *off, err);
  return status;
}

/* Squared spread of one family over the first steps, as many as the look allows; *short_steps: how many. */
static int spread_of_networks(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, size_t *short_steps, double *work, double *v, mdm_error *err) {
  mdm_outcome out = {0};
  mdm_plan p;
  char steps[40];
  *v = *work = NAN;
  int status = mdm_plan_create(cfg, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, 1, NULL, &p, err);
  if (!status) {
    double all = (double)p.problem->steps, some = floor(LOOK / (FAMILIES * p.task[0].cost));
    *work = p.task[0].cost * (all + 1);
    *short_steps = (size_t)fmin(all, fmax(LEAST_STEPS, some));
    snprintf(steps, sizeof steps, "%zu", *short_steps);
    status = mdm_config_assign(cfg, "train.steps", steps, err);
  }
  mdm_plan_clear(&p);
  if (!status) status = mdm_ensembles_run(cfg, data, MDM_RUN_LIMIT | MDM_RUN_PILOT, FAMILIES, monitor, &out, err);
  if (!status) *v = FAMILIES * pow(mdm_loss_error(&out.limit), 2);
  mdm_outcome_clear(&out);
  return status;
}

static int is_closed(int status) { return status == MDM_ERR_NUMERIC || status == MDM_ERR_DIVERGED || status == MDM_ERR_CONFIG; }

static int compare(const mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, double asked, costs *c, mdm_error *err) {
  const mdm_monitor quiet = monitor ? (mdm_monitor){.stop = monitor->stop, .threads = monitor->threads} : (mdm_monitor){0};
  mdm_config *networks = NULL, *particles = NULL;
  size_t steps = (size_t)mdm_config_int(cfg, "train.steps");
  double work, v;
  *c = (costs){INFINITY, INFINITY, NAN};
  int status = by(cfg, "networks", &networks, err);
  if (!status) status = spread_of_networks(networks, data, &quiet, &steps, &work, &v, err);
  if (!status) c->networks = work * fmax(FEWEST, v / (asked * asked));
  if (is_closed(status)) status = MDM_OK;
  if (!status) status = by(cfg, "particles", &particles, err);
  if (!status) status = mdm_particles_work(particles, data, &quiet, steps, asked, c->networks, &c->particles, &c->directions, err);
  if (is_closed(status)) status = MDM_OK;
  mdm_config_free(networks);
  mdm_config_free(particles);
  return status;
}

/* Options of the way that is not taken go back to their defaults, so that what a file keeps can be given again. */
static int clear_others(mdm_config *cfg, mdm_error *err) {
  size_t n;
  const mdm_option *o = mdm_options(&n);
  int status = MDM_OK;
  for (size_t i = 0; i < n && !status; i++)
    if (o[i].applies && strstr(o[i].applies, "solve.method") && !mdm_condition_holds(cfg, o[i].applies)) status = mdm_config_assign(cfg, o[i].key, o[i].preset, err);
  return status;
}

/* Options that only one of the ways has; NULL: none is set. */
static const char *decided_by(const mdm_config *cfg, const char **method) {
  static const char *const keys[] = {"solve.particles", "solve.expert_particles", "solve.neuron_particles", "solve.sweeps"};
  size_t n;
  *method = "particles";
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (mdm_config_int(cfg, keys[i]) > 0) return keys[i];
  mdm_config_int_list(cfg, "solve.widths", &n);
  *method = "networks";
  return n ? "solve.widths" : NULL;
}

/* rank: solve.rank. */
static void explain(const costs *c, double asked, long rank, const char *method, char *why, size_t size) {
  int networks = !strcmp(method, "networks");
  double own = networks ? c->networks : c->particles, other = networks ? c->particles : c->networks;
  const char *name = networks ? "particles" : "networks";
  size_t used = (size_t)snprintf(why, size, "%s, chosen by solve.method: auto: ", method);
  if (isinf(own)) snprintf(why + used, size - used, "pilots of both failed");
  else if (isinf(other)) snprintf(why + used, size - used, "a pilot by %s failed", name);
  else
    snprintf(why + used, size - used, "a standard error of %g of the loss takes about %.2g multiply-adds, by %s %.2g%s (up to %.3g directions of a field%s)", asked, own, name, other, networks ? " or more" : "",
             c->directions, rank ? ", held by solve.rank, whose bias is not counted" : "");
}

int mdm_method_choose(mdm_config *cfg, const mdm_data *data, const mdm_monitor *monitor, char why[MDM_METHOD_WHY], mdm_error *err) {
  const char *method, *key;
  costs c;
  *why = '\0';
  if (strcmp(mdm_config_text(cfg, "solve.method"), "auto")) return MDM_OK;
  double asked = mdm_config_real(cfg, "solve.accuracy");
  long rank = mdm_config_int(cfg, "solve.rank"); /* before it goes with the way that is not taken */
  int status = MDM_OK;
  if (asked == 0) asked = USUAL;
  if ((key = decided_by(cfg, &method))) snprintf(why, MDM_METHOD_WHY, "%s, chosen by solve.method: auto: %s is given", method, key);
  else status = compare(cfg, data, monitor, asked, &c, err);
  if (!status && !key) method = c.networks < c.particles ? "networks" : "particles";
  if (!status && !key) explain(&c, asked, rank, method, why, MDM_METHOD_WHY);
  if (!status) status = mdm_config_assign(cfg, "solve.method", method, err);
  if (!status) status = clear_others(cfg, err);
  if (!status && monitor && monitor->message) monitor->message(monitor->context, why);
  return status;
}
