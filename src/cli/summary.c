/* The results of a run in a few lines on standard error. */
#include "cli/summary.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

static void print_losses(const char *who, const mdm_ensemble *e) {
  const mdm_array *loss = e->summary ? mdm_record_find(e->summary, "observables/train/loss") : NULL;
  if (!loss || !loss->dim[0]) return;
  size_t last = loss->dim[0] - 1;
  fprintf(stderr, "  %-10s train loss %.5g -> %.5g", who, loss->value[0], loss->value[last]);
  if (loss->error) fprintf(stderr, " +- %.2g", loss->error[last]);
  fprintf(stderr, "  (%zu %s%s)\n", e->runs, e->width ? "seed" : "replica", MDM_S(e->runs));
}

/* The largest error of a skeleton's product in the limit (docs/output.md, diagnostics). */
static void print_skeleton(const mdm_record *limit) {
  static const char *const products[] = {"Q_forward", "Q_backward", "W1_forward", "W1_backward", "W2_forward", "W2_backward"};
  double worst = 0;
  for (size_t i = 0; limit && i < sizeof products / sizeof *products; i++) {
    char path[64];
    snprintf(path, sizeof path, "diagnostics/skeleton_error_%s", products[i]);
    const mdm_array *error = mdm_record_find(limit, path);
    if (error && error->value[0] > worst) worst = error->value[0];
  }
  if (worst > 0) fprintf(stderr, "             skeleton of the pair table: largest error of a product %.2g of its RMS (solve.pivots)\n", worst);
}

static void print_sweeps(const mdm_sweeps *s) {
  if (!s->sweeps) return;
  fprintf(stderr, "  sweeps     %zu, %s; train predictions differ from the causal pass by %.2g +- %.2g (RMS)\n", s->sweeps,
          s->converged ? "self-consistent: residuals stand at the sampling noise" : "not converged: residuals were not at the sampling noise for solve.settled sweeps in a row",
          s->difference, s->difference_error);
}

static void print_deviation(const mdm_outcome *o) {
  char range[32] = "";
  if (o->predicted_lowest < o->predicted) snprintf(range, sizeof range, "%g to ", o->predicted_lowest);
  if (isnan(o->exponent))
    fprintf(stderr, "  no deviation from the limit stands out of the noise: use more seeds or smaller widths\n");
  else
    fprintf(stderr,
            "  deviation from the limit ~ N^-%.2f +- %.2f (predicted %s%g), spread over seeds ~ N^-%.2f +- %.2f\n",
            o->exponent, o->exponent_error, range, o->predicted, o->fluctuation, o->fluctuation_error);
}

void summary_print(const mdm_outcome *o) {
  char who[32];
  print_losses("limit", &o->limit);
  print_sweeps(&o->sweeps);
  print_skeleton(o->limit.summary);
  for (size_t w = 0; w < o->widths; w++) {
    snprintf(who, sizeof who, "N = %ld", o->networks[w].width);
    print_losses(who, &o->networks[w]);
  }
  if (o->comparison) print_deviation(o);
}
