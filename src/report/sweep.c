/* The verdict on a sweep, in words and tables: what `moedmft sweep` says at its end and `moedmft info` of its file. */
#include "study/sweep_internal.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/number.h"
#include "base/text.h"
#include "report/number.h"
#include "study/sweep_transfer.h"
#include "study/transfer.h"

/* Of so many comparisons with two standard errors, the part that exceeds them by chance. */
static double by_chance(void) { return gsl_cdf_ugaussian_Q(2); }

enum { STATES = MDM_CELL_SKIPPED + 1 };

/* Where a smaller part of the runs carries the mean loss (Kish's effective number), its spread tells little of the rare runs that are missing. */
static const double CARRIED = 0.4;

/* Below, a standard error from the spread of the runs is itself uncertain by a third or more. */
static const double FEW_RUNS = 6;

static const mdm_array *result(const mdm_sweep *s, const char *name) {
  char path[160];
  snprintf(path, sizeof path, "results/%s", name);
  return mdm_record_find(s->results, path);
}

static double value_at(const mdm_sweep *s, const char *name, size_t i) {
  const mdm_array *a = result(s, name);
  return a ? a->value[i] : NAN;
}

static double error_at(const mdm_sweep *s, const char *name, size_t i) {
  char twin[128];
  snprintf(twin, sizeof twin, "%s_stderr", name);
  return value_at(s, twin, i);
}

static void width_name(double N, char buf[32]) {
  if (isinf(N))
    snprintf(buf, 32, "infinity");
  else
    snprintf(buf, 32, "%.0f", N);
}

/* ---------------------------------------------------------------- one width */

/* Cells of a slice at one width: how many of each status. */
static void count_cells(const mdm_sweep *s, size_t slice, size_t w, size_t count[STATES]) {
  memset(count, 0, STATES * sizeof *count);
  for (size_t i = 0; i < mdm_sweep_positions(s); i++)
    count[(int)s->status[mdm_sweep_point(s, slice, i) * s->widths + w]]++;
}

static void print_remarks(FILE *out, const mdm_sweep *s, size_t slice, size_t w, int kind) {
  static const char *const where[] = {[MDM_BEST_INSIDE] = "",
                                      [MDM_BEST_LOWER] = "at the lower end of the grid: a bound",
                                      [MDM_BEST_UPPER] = "at the upper end of the grid: a bound",
                                      [MDM_BEST_DIVERGED] = "beside a value that diverged or did not learn",
                                      [MDM_BEST_NONE] = "none: no value ended below the loss of step 0, or all have the same",
                                      [MDM_BEST_BETWEEN] = "anywhere between the neighbours"};
  static const char *const what[STATES] = {"not computed yet", "", "diverged", "without a limit", "failed", ""};
  size_t count[STATES];
  const char *comma = "";
  count_cells(s, slice, w, count);
  int tells = s->along >= 0 && kind >= 0 && kind <= MDM_BEST_BETWEEN && *where[kind] && (kind != MDM_BEST_NONE || count[MDM_CELL_COMPLETE]);
  if (tells) fprintf(out, "%s", where[kind]), comma = "; ";
  for (int k = 0; k < STATES; k++)
    if (*what[k] && count[k]) fprintf(out, "%s%zu %s", comma, count[k], what[k]), comma = "; ";
  double carry = s->along < 0 ? NAN : s->best[slice * s->widths + w].runs;
  if (count[MDM_CELL_COMPLETE] && s->runs[w] > 1 && s->runs[w] < FEW_RUNS)
    fprintf(out, "%s%.0f run%s: %s", comma, s->runs[w], MDM_S(s->runs[w]), s->runs[w] < MDM_FEWEST_RUNS ? "too few for errors" : "rough errors");
  else if (carry < CARRIED * s->runs[w])
    fprintf(out, "%ssome %.0f of %.0f runs carry the mean: rough errors", comma, carry, s->runs[w]);
  fprintf(out, "\n");
}

static void print_best(FILE *out, const mdm_sweep *s, size_t slice, size_t w) {
  char text[80] = "-";
  size_t at = slice * s->widths + w;
  int kind = (int)mdm_real_whole(value_at(s, "optimum_kind", at));
  double x = value_at(s, "optimum", at);
  if (kind == MDM_BEST_LOWER || kind == MDM_BEST_UPPER)
    snprintf(text, sizeof text, "%s %.4g", kind == MDM_BEST_LOWER ? "≤" : "≥", x);
  else if (kind != MDM_BEST_NONE)
    mdm_with_error(x, error_at(s, "optimum", at), text, sizeof text);
  mdm_print_padded(out, text, 22);
  snprintf(text, sizeof text, "-");
  if (kind != MDM_BEST_NONE)
    mdm_with_error(value_at(s, "optimum_loss", at), error_at(s, "optimum_loss", at), text, sizeof text);
  mdm_print_padded(out, text, 22);
  print_remarks(out, s, slice, w, kind);
}

/* Without an axis to optimize: the loss itself. */
static void print_loss(FILE *out, const mdm_sweep *s, size_t slice, size_t w) {
  char text[80] = "-";
  size_t at = mdm_sweep_point(s, slice, 0) * s->widths + w;
  double v = s->mean[s->measure].value[at];
  if (!isnan(v)) mdm_with_error(v, s->mean[s->measure].error[at], text, sizeof text);
  mdm_print_padded(out, text, 22);
  print_remarks(out, s, slice, w, 0);
}

static void print_table(FILE *out, const mdm_sweep *s, size_t slice) {
  char text[160];
  fprintf(out, "  ");
  mdm_print_padded(out, "N", 10);
  if (s->along >= 0) {
    snprintf(text, sizeof text, "best %s", s->grid.axis[s->along].option->key);
    mdm_print_padded(out, text, 22);
  }
  fprintf(out, "%s\n", s->along >= 0 ? "loss there" : "loss");
  for (size_t w = 0; w < s->widths; w++) {
    width_name(s->width[w], text);
    fprintf(out, "  ");
    mdm_print_padded(out, text, 10);
    if (s->along >= 0)
      print_best(out, s, slice, w);
    else
      print_loss(out, s, slice, w);
  }
}

/* ---------------------------------------------------------------- trends */

/* Where the distance of values is the larger part of an error, more values help. */
static void print_hint(FILE *out, const mdm_sweep *s, size_t slice) {
  for (size_t w = 0; w < s->widths; w++) {
    const mdm_best *b = &s->best[slice * s->widths + w];
    int bound = b->kind == MDM_BEST_LOWER || b->kind == MDM_BEST_UPPER;
    if (s->refine > 0 || !(bound || b->x_between > b->x_runs)) continue;
    fprintf(out, "  more values would tell the best one better: --refine adds them\n");
    return;
  }
}

static void print_drift(FILE *out, const mdm_sweep *s, size_t slice) {
  char text[80];
  double drift = value_at(s, "drift", slice), error = error_at(s, "drift", slice),
         distance = value_at(s, "distance", slice);
  if (isnan(drift)) {
    fprintf(out, "  drift of the best value with N: not known, the grid holds it at fewer than two widths\n");
  } else {
    mdm_with_error(drift, error, text, sizeof text);
    fprintf(out, "  drift of the best value: d ln / d ln N = %s", text);
    if (error > 0) fprintf(out, " (%.1f standard errors)", fabs(drift) / error);
    if (value_at(s, "drift_chi2", slice) > MDM_MISFIT) fprintf(out, "; a straight line does not describe it: chi-squared per degree of freedom %.3g", value_at(s, "drift_chi2", slice));
    fprintf(out, "\n");
  }
  if (isnan(distance)) return;
  mdm_with_error(distance, error_at(s, "distance", slice), text, sizeof text);
  fprintf(out, "  largest width against the limit: ln(best value / limit's) = %s\n", text);
}

/* "0.012 ± 0.004 (2.1 ± 0.7 %)": what the best value of the base costs; at: its position in the arrays of results/regret. */
static void regret_text(const mdm_sweep *s, const char *key, size_t at, char buf[96]) {
  char path[96], loss[40], part[40];
  const char *const names[] = {"regret", "regret_relative"};
  double v[2], e[2];
  snprintf(path, sizeof path, "regret_kind/%s", key);
  int kind = (int)mdm_real_whole(value_at(s, path, at));
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", names[i], key);
    v[i] = value_at(s, path, at), e[i] = error_at(s, path, at);
  }
  mdm_with_error(v[0], e[0], loss, sizeof loss);
  mdm_with_error(100 * v[1], 100 * e[1], part, sizeof part);
  if (kind != MDM_REGRET_KNOWN && kind != MDM_REGRET_AT_LEAST) snprintf(buf, 96, kind == MDM_REGRET_DIVERGES ? "diverges" : "not known");
  else if (e[1] > 1) snprintf(buf, 96, "%s", loss); /* of a loss that is itself unknown to a factor, a part says nothing */
  else if (kind == MDM_REGRET_AT_LEAST) snprintf(buf, 96, "≥ %.3g (%.3g %%)", v[0], 100 * v[1]);
  else snprintf(buf, 96, "%s (%s %%)", loss, part);
}

/* The best value of the smallest width at all larger ones. */
static void print_regret(FILE *out, const mdm_sweep *s, size_t slice) {
  char text[96], N[32];
  size_t W = s->widths;
  if (W < 2 || !result(s, "regret/width")) return; /* none of very many widths */
  width_name(s->width[0], N);
  fprintf(out, "  loss that the best %s of N = %s costs:", s->grid.axis[s->along].option->key, N);
  for (size_t w = 1; w < W; w++) {
    regret_text(s, "width", (slice * W + w) * W, text);
    width_name(s->width[w], N);
    fprintf(out, "%s %s at N = %s", w > 1 ? ";" : "", text, N);
  }
  fprintf(out, "\n");
}

/* ---------------------------------------------------------------- other axes than the width */

enum { SHOWN = 3 }; /* values of an axis in a table, the last ones */

/* Drift along an axis at every width, and what the best value of its first value costs at the last ones; slice: that of its first value. */
static void print_line(FILE *out, const mdm_sweep *s, const mdm_direction *d, size_t slice, size_t line) {
  char text[96], path[96];
  size_t axis = (size_t)d->axis, first = d->n > SHOWN + 1 ? d->n - SHOWN : 1;
  snprintf(path, sizeof path, "drifts/%s", d->key);
  fprintf(out, "  N         d ln / d ln           ");
  for (size_t i = first; i < d->n; i++) {
    snprintf(text, sizeof text, "at %s", s->grid.axis[axis].text[i]);
    mdm_print_padded(out, text, 34);
  }
  fprintf(out, "\n");
  for (size_t w = 0; w < s->widths; w++) {
    double drift = value_at(s, path, line * s->widths + w);
    width_name(s->width[w], text);
    fprintf(out, "  ");
    mdm_print_padded(out, text, 10);
    snprintf(text, sizeof text, "not known");
    if (!isnan(drift)) mdm_with_error(drift, error_at(s, path, line * s->widths + w), text, sizeof text);
    mdm_print_padded(out, text, 22);
    for (size_t i = first; i < d->n; i++) {
      regret_text(s, d->key, (mdm_sweep_slice_at(s, slice, axis, i) * s->widths + w) * d->n, text);
      mdm_print_padded(out, text, 34);
    }
    fprintf(out, "\n");
  }
}

static void print_axes(FILE *out, const mdm_sweep *s) {
  mdm_direction all[MDM_GRID_AXES + 1];
  size_t n = mdm_sweep_directions(s, all);
  for (size_t k = 0; k < n; k++) {
    size_t line = 0;
    if (all[k].axis < 0) continue;
    const mdm_axis *axis = &s->grid.axis[all[k].axis];
    const char *along = s->grid.axis[s->along].option->key;
    for (size_t j = 0; j < mdm_sweep_slices(s); j++) {
      char name[400];
      if (mdm_sweep_slice_index(s, j, (size_t)all[k].axis)) continue;
      mdm_sweep_slice_name(s, j, all[k].axis, name, sizeof name);
      fprintf(out, "\n%s%salong %s: drift of the best %s, and loss that the one of %s costs\n", name, *name ? ", " : "", all[k].key, along, axis->text[0]);
      print_line(out, s, &all[k], j, line++);
    }
  }
}

/* Pairs of widths from first to before last, at every value of the axis. */
static void count_worse(const mdm_sweep *s, size_t slice, size_t first, size_t last, double *worse, double *compared) {
  *worse = *compared = 0;
  for (size_t k = first; k < last; k++) {
    *worse += value_at(s, "worse", slice * (s->widths - 1) + k);
    *compared += value_at(s, "compared", slice * (s->widths - 1) + k);
  }
}

static void print_worse(FILE *out, const char *who, double worse, double compared) {
  if (compared == 0)
    fprintf(out, "  %s: not known, which takes %d runs or more\n", who, MDM_FEWEST_RUNS);
  else if (worse == 0)
    fprintf(out, "  %s: nowhere by more than 2 standard errors (%.0f comparison%s)\n", who, compared, MDM_S(compared));
  else
    fprintf(out, "  %s: by more than 2 standard errors in %.0f of %.0f comparison%s (%.1f by chance)\n", who, worse,
            compared, MDM_S(compared), by_chance() * compared);
}

static void print_rises(FILE *out, const mdm_sweep *s, size_t slice) {
  size_t pairs = s->widths - 1, finite = s->widths - (size_t)s->with_limit, k = 0;
  double worse, compared;
  if (finite > 1) {
    count_worse(s, slice, 0, finite - 1, &worse, &compared);
    print_worse(out, "a larger network is worse than the next smaller", worse, compared);
  }
  if (s->with_limit && finite > 0) {
    count_worse(s, slice, finite - 1, pairs, &worse, &compared);
    print_worse(out, "the limit is worse than the largest network", worse, compared);
  }
  if (s->along < 0 || !pairs) return;
  size_t known = 0;
  for (size_t i = 0; i < pairs; i++) known += !isnan(value_at(s, "rise_at_optimum", slice * pairs + i));
  if (!known) return;
  fprintf(out, "  at the best value:");
  for (size_t i = 0; i < pairs; i++) {
    double z = value_at(s, "rise_at_optimum", slice * pairs + i);
    char a[32], b[32];
    width_name(s->width[i], a);
    width_name(s->width[i + 1], b);
    if (z > 2) fprintf(out, "%s N = %s is worse than %s by %.1f standard errors", k++ ? ";" : "", b, a, z);
  }
  fprintf(out, k ? "\n" : " no width is worse than the next smaller by more than 2 standard errors\n");
}

/* ---------------------------------------------------------------- all of it */

/* Neighbouring cells often lack numbers for the same reason: it is told once. */
static void print_notes(FILE *out, const mdm_sweep *s) {
  const char *last = "";
  for (size_t i = 0; i < s->cells; i++) {
    char N[32];
    if (!s->note[i] || !strcmp(s->note[i], last)) continue;
    width_name(s->width[i % s->widths], N);
    fprintf(out, "note: N = %s: %s\n", N, s->note[i]);
    last = s->note[i];
  }
}

/* Cells whose limit is in doubt; of many, those behind the first few are in the file. */
static void print_doubts(FILE *out, const mdm_sweep *s) {
  enum { TOLD = 12 };
  size_t n = 0;
  char name[400];
  for (size_t i = 0; i < s->cells; i++) {
    if (!s->doubt[i] || n++ >= TOLD) continue;
    mdm_sweep_point_name(s, i / s->widths, name, sizeof name);
    fprintf(out, "doubt: %s%s%s\n", name, *name ? ": " : "", s->doubt[i]);
  }
  if (n > TOLD) fprintf(out, "doubt: and of %zu limits more (attributes of /sweep/doubts)\n", n - TOLD);
}

static void print_all(FILE *out, const mdm_sweep *s) {
  size_t ready, cells = mdm_sweep_cells(s, &ready);
  fprintf(out, "loss: %s\n", mdm_measure_title(s->measure));
  if (ready < cells) fprintf(out, "%zu of %zu cell%s computed; the same command goes on\n", ready, cells, cells == 1 ? " is" : "s are");
  for (size_t j = 0; j < mdm_sweep_slices(s); j++) {
    char name[400];
    mdm_sweep_slice_name(s, j, -1, name, sizeof name);
    if (*name) fprintf(out, "\n%s\n", name);
    print_table(out, s, j);
    if (s->along >= 0) print_hint(out, s, j);
    if (s->along >= 0) print_drift(out, s, j), print_regret(out, s, j);
    if (s->widths > 1) print_rises(out, s, j);
  }
  print_axes(out, s);
  print_notes(out, s);
  print_doubts(out, s);
}

/* Columns are padded also where nothing follows: blanks at the ends of lines go. */
static void strip(char *text) {
  char *to = text;
  for (const char *c = text; *c; c++) {
    while (*c == '\n' && to > text && to[-1] == ' ') to--;
    *to++ = *c;
  }
  *to = '\0';
}

int mdm_sweep_report(const mdm_sweep *s, char **out, mdm_error *err) {
  mdm_text t;
  *out = NULL;
  int status = mdm_text_open(&t, "the verdict", err);
  if (status) return status;
  print_all(t.stream, s);
  status = mdm_text_close(&t, out, err);
  if (!status) strip(*out);
  return status;
}
