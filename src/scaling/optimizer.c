/* Reads the optimizer's options; schedules. */
#include "scaling/optimizer.h"

#include <math.h>
#include <string.h>

static const struct {
  const char *name;
  mdm_step_kind kind;
  int momentum, decoupled; /* whether train.momentum applies; whether decay is adamw's own */
} kinds[] = {
    {"sgd", MDM_STEP_LINEAR, 0, 0},  {"momentum", MDM_STEP_LINEAR, 1, 0}, {"sign", MDM_STEP_SIGN, 0, 0},
    {"adam", MDM_STEP_ADAM, 0, 0},   {"adamw", MDM_STEP_ADAM, 0, 1},
};

static int read_schedule(const mdm_config *cfg, mdm_schedule *s, mdm_error *err) {
  s->shape = mdm_config_enum(cfg, "train.schedule");
  s->warmup = (size_t)mdm_config_int(cfg, "train.warmup");
  s->steps = (size_t)mdm_config_int(cfg, "train.steps");
  s->end = mdm_config_real(cfg, "train.final_lr");
  if (s->warmup > s->steps)
    return mdm_fail(err, MDM_ERR_CONFIG, "train.warmup = %zu exceeds train.steps = %zu", s->warmup, s->steps);
  return MDM_OK;
}

static int read_decay(const mdm_config *cfg, size_t kind, mdm_optimizer *o, mdm_error *err) {
  double decay = mdm_config_real(cfg, "train.weight_decay");
  o->decay = kinds[kind].decoupled ? mdm_config_real(cfg, "train.adam.weight_decay") : decay;
  if (o->kind != MDM_STEP_ADAM || decay == 0) return MDM_OK;
  return mdm_fail(err, MDM_ERR_CONFIG,
                  "train.weight_decay = %g is for sgd, momentum and sign; decay of %s: train.optimizer: adamw with "
                  "train.adam.weight_decay (decay inside Adam's gradient has no limit)", decay, o->name);
}

int mdm_optimizer_read(const mdm_config *cfg, mdm_optimizer *o, mdm_error *err) {
  size_t kind = 0;
  const char *name = mdm_config_text(cfg, "train.optimizer");
  while (kind + 1 < sizeof kinds / sizeof *kinds && strcmp(kinds[kind].name, name)) kind++;
  *o = (mdm_optimizer){.name = kinds[kind].name, .kind = kinds[kind].kind};
  o->lr = mdm_config_real(cfg, "train.lr");
  o->momentum = kinds[kind].momentum ? mdm_config_real(cfg, "train.momentum") : 0;
  o->beta1 = mdm_config_real(cfg, "train.adam.beta1");
  o->beta2 = mdm_config_real(cfg, "train.adam.beta2");
  o->eps = mdm_config_real(cfg, "train.adam.eps");
  o->clip = mdm_config_real(cfg, "train.clip");
  o->method = (mdm_method){.entrywise = o->kind != MDM_STEP_LINEAR,
                           .eps = o->kind == MDM_STEP_ADAM && o->eps > 0,
                           .global_eps = mdm_config_enum(cfg, "train.adam.eps_scale") == 1,
                           .tensor_decay = mdm_config_enum(cfg, "train.decay_scale") == 1,
                           .norm = o->clip > 0};
  if (o->beta1 >= 1 || o->beta2 >= 1 || o->momentum >= 1)
    return mdm_fail(err, MDM_ERR_CONFIG, "train.momentum, train.adam.beta1 and train.adam.beta2 must be below 1");
  int status = read_decay(cfg, kind, o, err);
  o->method.decays = o->decay > 0;
  return status ? status : read_schedule(cfg, &o->schedule, err);
}

/* 1 at progress 0, `end` at progress 1. */
static double shaped(const mdm_schedule *s, double progress) {
  const double pi = 3.14159265358979323846;
  switch (s->shape) {
  case 1: return 1 + (s->end - 1) * progress;
  case 2: return s->end + (1 - s->end) * 0.5 * (1 + cos(pi * progress));
  default: return 1;
  }
}

double mdm_optimizer_rate(const mdm_optimizer *o, size_t t) {
  const mdm_schedule *s = &o->schedule;
  if (t < s->warmup) return o->lr * (double)(t + 1) / (double)s->warmup;
  double length = (double)(s->steps - s->warmup);
  return o->lr * shaped(s, length > 0 ? (double)(t - s->warmup) / length : 0);
}

double mdm_step_keep(const mdm_step *step, const mdm_coefficients *c) { return 1 - step->rate * step->by->decay * c->decay; }

size_t mdm_pair_pivots(const mdm_pair_scheme *scheme, size_t rows, size_t cols) {
  if (!scheme->pivots) return 0;
  size_t all = scheme->pivots + MDM_HELD_PIVOTS;
  int fits = all <= rows && all <= cols && (double)(rows + cols) * (double)all < (double)rows * (double)cols;
  return fits ? scheme->pivots : 0;
}

double mdm_pair_entries(const mdm_pair_scheme *scheme, size_t rows, size_t cols) {
  size_t pivots = mdm_pair_pivots(scheme, rows, cols);
  return pivots ? (double)(rows + cols) * (double)(pivots + MDM_HELD_PIVOTS) : (double)rows * (double)cols;
}
