/* Signs in a limit's diagnostics that its sample biases it. */
#include "run/saturation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where MSSP in Regime III was biased by four standard errors the ranks of y and gamma were 0.96 and 0.90 of the particles, where it was not
 * 0.72 and 0.64 (docs/engineering.md). */
static const double NEAR = 0.85;

/* Difference of twins' logits, in logits: up to 0.2 losses were those without twins, from 0.45 on not (docs/engineering.md). */
static const double APART = 0.3;

static double value(const mdm_record *rec, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "diagnostics/%s", name);
  const mdm_array *a = mdm_record_find(rec, path);
  return a ? a->value[0] : 0;
}

void mdm_announce_saturation(const mdm_record *limit, const mdm_monitor *monitor) {
  static const struct {
    const char *field, *rank, *particles, *what, *option;
  } rows[] = {{"y", "rank_y", "particles_shared", "neurons that sampled experts share", "solve.neuron_particles"},
              {"gamma", "rank_gamma", "particles_shared", "neurons that sampled experts share", "solve.neuron_particles"},
              {"rho", "rank_rho", "particles_expert", "expert particles", "solve.expert_particles"},
              {"h", "rank_h", "particles_stream", "stream particles", "solve.particles"},
              {"delta", "rank_delta", "particles_stream", "stream particles", "solve.particles"}};
  char line[300];
  if (!limit || !monitor || !monitor->message) return;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double rank = value(limit, rows[i].rank), particles = value(limit, rows[i].particles);
    if (particles == 0 || rank < NEAR * particles) continue;
    snprintf(line, sizeof line, "%s visited %.0f directions, about as many as there are %s (%.0f): the limit may be biased beyond its standard errors; raise %s",
             rows[i].field, rank, rows[i].what, particles, rows[i].option);
    monitor->message(monitor->context, line);
    return;
  }
}

void mdm_announce_twins(const mdm_record *limit, const mdm_monitor *monitor) {
  char line[300];
  if (!limit || !monitor || !monitor->message) return;
  double apart = value(limit, "twin_difference");
  if (apart < APART) return;
  snprintf(line, sizeof line, "the logits of experts sampled as twins came to differ by %.2g (RMS): the limit may be biased beyond its standard errors; "
           "train.optimizer: momentum with train.momentum: 0 is the same without twins", apart);
  monitor->message(monitor->context, line);
}

/* ε of an entrywise optimizer in units of the router's natural gradient; infinite for other optimizers, routers that do not learn, and one ε for
 * all tensors, beside which the router's gradient vanishes. */
static double epsilon_of(const mdm_config *cfg) {
  const char *optimizer = mdm_config_text(cfg, "train.optimizer");
  if (!strcmp(mdm_config_text(cfg, "model.gate"), "constant") || mdm_config_real(cfg, "train.lr_multiplier.router") == 0) return INFINITY;
  if (!strcmp(optimizer, "sign")) return 0;
  if (strncmp(optimizer, "adam", 4) != 0 || strcmp(mdm_config_text(cfg, "train.adam.eps_scale"), "tensor") != 0) return INFINITY;
  return mdm_config_real(cfg, "train.adam.eps");
}

void mdm_announce_noise(const mdm_config *cfg, const mdm_record *limit, const mdm_monitor *monitor) {
  char line[300];
  const mdm_array *rho = limit ? mdm_record_find(limit, "observables/rms/rho") : NULL;
  if (!rho || !monitor || !monitor->message) return;
  int nested = !strcmp(mdm_config_text(cfg, "model.regime"), "III") && value(limit, "particles_shared") == 0;
  double eps = epsilon_of(cfg);
  if (!nested || !(rho->value[0] > eps)) return;
  snprintf(line, sizeof line, "the gate's gradient, zero at the start, is %.2g (RMS) from sampling, above epsilon: the router's first steps follow noise, as in networks of so "
           "many neurons; raise solve.neuron_particles (the bias falls like its root)%s", rho->value[0], eps > 0 ? " or train.adam.eps" : "");
  monitor->message(monitor->context, line);
}

void mdm_announce_bias(const mdm_config *cfg, const mdm_record *limit, const mdm_monitor *monitor) {
  mdm_announce_saturation(limit, monitor);
  mdm_announce_twins(limit, monitor);
  mdm_announce_noise(cfg, limit, monitor);
}
