/* The results of a run in a few lines on standard error. */
#include "cli/summary.h"

#include <moedmft/compare.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fit.h"
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

/* The bias of the final train loss' curve and of the predictions beside their standard errors (solve.bias_check). */
static void print_bias(const mdm_record *limit) {
  static const char *const shown[] = {"observables/train/loss", "observables/train/prediction", "observables/test/loss"};
  double bias, error, noise;
  for (size_t i = 0; limit && i < sizeof shown / sizeof *shown; i++)
    if (mdm_bias_of(limit, shown[i], &bias, &error, &noise))
      fprintf(stderr, "             bias of the %s: %.2g +- %.2g, beside a standard error of %.2g (RMS; solve.bias_check)\n", strchr(shown[i], '/') + 1, bias, error, noise);
}

static void print_sweeps(const mdm_sweeps *s) {
  if (!s->sweeps) return;
  fprintf(stderr, "  sweeps     %zu, %s; train predictions differ from the causal pass by %.2g +- %.2g (RMS)\n", s->sweeps,
          s->converged ? "self-consistent: residuals stand at the sampling noise" : "not converged: residuals were not at the sampling noise for solve.settled sweeps in a row",
          s->difference, s->difference_error);
}

static int has_few_runs(const mdm_outcome *o) {
  int few = o->limit.runs < MDM_FEWEST_RUNS;
  for (size_t w = 0; w < o->widths; w++) few |= o->networks[w].runs < MDM_FEWEST_RUNS;
  return few;
}

static void print_deviation(const mdm_outcome *o) {
  char range[32] = "", deviation[64], spread[64];
  if (o->predicted_lowest < o->predicted) snprintf(range, sizeof range, "%g to ", o->predicted_lowest);
  mdm_power_text("p", o->exponent, o->exponent_error, o->exponent_bound, deviation, sizeof deviation);
  mdm_power_text("q", o->fluctuation, o->fluctuation_error, o->fluctuation_bound, spread, sizeof spread);
  if (has_few_runs(o))
    fprintf(stderr, "  deviation from the limit: errors take %d networks of each width, and %d replicas of the limit\n", MDM_FEWEST_RUNS, MDM_FEWEST_RUNS);
  else if (isnan(o->exponent))
    fprintf(stderr, "  no deviation from the limit stands out of the noise: use more seeds or smaller widths\n");
  else
    fprintf(stderr, "  deviation from the limit ~ N^-p, %s (predicted %s%g); spread over seeds ~ N^-q, %s\n", deviation, range, o->predicted, spread);
}

/* Final losses of one series of depths, and at L = infinity. */
static void print_depths(const mdm_record *rec, const char *group, const char *who) {
  char path[96];
  const mdm_array *a[3]; /* depth, loss, extrapolated loss */
  static const char *const names[3] = {"depth", "loss", "extrapolated/loss"};
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "depths/%s/%s", group, names[i]);
    if (!(a[i] = mdm_record_find(rec, path))) return;
  }
  size_t n = a[0]->dim[0], steps = a[2]->dim[0], last = steps - 1;
  fprintf(stderr, "  %-10s train loss at L =", who);
  for (size_t i = 0; i < n; i++) fprintf(stderr, "%s %g: %.5g", i ? "," : "", a[0]->value[i], a[1]->value[i * steps + last]);
  fprintf(stderr, "; L = infinity: %.5g +- %.2g\n", a[2]->value[last], a[2]->error[last]);
}

void summary_print(const mdm_outcome *o) {
  char who[32];
  print_losses("limit", &o->limit);
  print_bias(o->limit.summary);
  print_sweeps(&o->sweeps);
  print_skeleton(o->limit.summary);
  for (size_t w = 0; w < o->widths; w++) {
    snprintf(who, sizeof who, "N = %ld", o->networks[w].width);
    print_losses(who, &o->networks[w]);
  }
  if (o->comparison) print_deviation(o);
  if (!o->depths) return;
  print_depths(o->depths, "limit", "limit");
  for (size_t w = 0; w < o->widths; w++) {
    char group[32];
    snprintf(group, sizeof group, "width_%ld", o->networks[w].width);
    snprintf(who, sizeof who, "N = %ld", o->networks[w].width);
    print_depths(o->depths, group, who);
  }
}
