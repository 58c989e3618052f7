/* Options of self-consistency sweeps, and what they take. */
#include "run/self_consistency_plan.h"

#include "scaling/vanishing.h"

enum { LARGEST = 4000 }; /* steps × samples: arrays of its square are kept */

int mdm_sweeps_read(const mdm_config *cfg, const mdm_problem *p, size_t replicas, mdm_sweep_options *o, mdm_error *err) {
  *o = (mdm_sweep_options){.count = (size_t)mdm_config_int(cfg, "solve.sweeps"),
                           .mixing = (mdm_mixing)mdm_config_enum(cfg, "solve.mixing"),
                           .damping = mdm_config_real(cfg, "solve.damping"),
                           .depth = (size_t)mdm_config_int(cfg, "solve.anderson_depth"),
                           .settled = (size_t)mdm_config_int(cfg, "solve.settled"),
                           .lazy = mdm_config_enum(cfg, "solve.start") == 1};
  if (!o->count) return MDM_OK;
  if (p->optimizer.method.entrywise)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps with train.optimizer: %s: what it learns is not a function of kernels; allowed: sgd, momentum", p->optimizer.name);
  if (mdm_model_count(&p->model, MDM_BLOCK_ATTENTION))
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps has no order parameters of attention blocks (model.blocks); set solve.sweeps: 0");
  if (replicas < 3) return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps needs solve.replicas >= 3, to measure the noise; it is %zu", replicas);
  return MDM_OK;
}

int mdm_sweeps_layout(const mdm_problem *p, mdm_layout *out, mdm_error *err) {
  const mdm_model *m = &p->model;
  mdm_coefficients coef[MDM_TENSORS];
  size_t n = (p->steps + 1) * p->batch;
  *out = (mdm_layout){0};
  if (n > LARGEST)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.sweeps keeps arrays over pairs of (train.steps + 1) x samples per step: %zu of them, at most %d are possible; lower train.steps, data.train or train.batch",
                    n, LARGEST);
  int status = mdm_model_limit(m, &p->optimizer, coef, NULL, err);
  return status ? status : mdm_layout_init(out, p, coef, !m->regime->experts_grow, err);
}

double mdm_sweeps_bytes(const mdm_sweep_options *o, const mdm_layout *l, size_t replicas) {
  double vectors = (double)replicas + 3 + (o->mixing == MDM_MIX_ANDERSON ? 2 * (double)o->depth + 2 : 0);
  return o->count ? 8 * (vectors * (double)l->size + 24 * (double)l->levels * (double)l->n * (double)l->n) : 0;
}
