/* Sampled populations that are too small for the directions that fields visit. */
#include "run/saturation.h"

#include <stdio.h>

/* Where MSSP in Regime III was biased by four standard errors the ranks of y and gamma were 0.96 and 0.90 of the particles, where it was not
 * 0.72 and 0.64 (docs/engineering.md). */
static const double NEAR = 0.85;

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
