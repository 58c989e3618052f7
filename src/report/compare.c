/* The comparison in `moedmft info`: every observable's rate and extrapolation, worst first, and the verdict. */
#include <moedmft/compare.h>
#include "report/compare.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/number.h"
#include "study/compare.h"

enum { MOST_LINES = 20 };

typedef struct {
  char name[96];
  double deviation, noise, scale; /* of the widest networks, two standard errors of it (of few runs as rarely exceeded); RMS in the limit */
  double p, error, lowest, highest;
  double bound; /* of p: its sign counts */
  double rms_z, max_z, reach; /* reach: standard errors within which networks and limit agree */
} line;

/* Files of earlier versions do not tell degrees of freedom. */
static double reach_of(double freedom) { return isnan(freedom) ? 2 : mdm_student(2, freedom); }

/* -1, 0 or 1. */

static line read_line(const mdm_record *rec, const char *name) {
  line l = {.deviation = mdm_comparison_number(rec, name, "deviation", SIZE_MAX, 0),
            .noise = reach_of(mdm_comparison_number(rec, name, "exponent_freedom", 0, 0)) * mdm_comparison_number(rec, name, "deviation", SIZE_MAX, 1), .scale = mdm_comparison_number(rec, name, "scale", 0, 0),
            .p = mdm_comparison_number(rec, name, "exponent", 0, 0), .error = mdm_comparison_number(rec, name, "exponent", 0, 1),
            .lowest = mdm_comparison_number(rec, name, "predicted", 0, 0), .highest = mdm_comparison_number(rec, name, "predicted", 1, 0),
            .bound = mdm_comparison_number(rec, name, "exponent_bound", 0, 0), .reach = reach_of(mdm_comparison_number(rec, name, "extrapolated_freedom", 0, 0)),
            .rms_z = mdm_comparison_number(rec, name, "extrapolated_rms_z", 0, 0), .max_z = mdm_comparison_number(rec, name, "extrapolated_max_z", 0, 0)};
  snprintf(l.name, sizeof l.name, "%s", name);
  return l;
}

static int worst_first(const void *a, const void *b) {
  const line *x = a, *y = b;
  return (x->rms_z < y->rms_z) - (x->rms_z > y->rms_z);
}

/* Those with an extrapolation, worst first; *n of them, malloc'd. */
static line *all_lines(const mdm_record *rec, size_t *n) {
  static const char start[] = "each/", end[] = "/extrapolated_rms_z";
  size_t most = mdm_record_count(rec);
  line *lines = calloc(most + 1, sizeof *lines);
  *n = 0;
  for (size_t i = 0; i < most && lines; i++) {
    const char *path = mdm_record_at(rec, i)->path;
    size_t length = strlen(path), used = sizeof start - 1 + sizeof end - 1;
    char name[96];
    if (length <= used || strncmp(path, start, sizeof start - 1) || strcmp(path + length - (sizeof end - 1), end)) continue;
    snprintf(name, sizeof name, "%.*s", (int)(length - used), path + sizeof start - 1);
    lines[*n] = read_line(rec, name);
    *n += isfinite(lines[*n].rms_z) != 0;
  }
  if (lines) qsort(lines, *n, sizeof *lines, worst_first);
  return lines;
}

static void print_line(FILE *out, const line *l) {
  char relative[16] = "-", p[32], predicted[32];
  if (l->scale > 0 && isfinite(l->deviation)) snprintf(relative, sizeof relative, l->deviation < l->scale ? "%.2g %%" : "%.0f %%", 100 * l->deviation / l->scale);
  if (l->deviation == 0 && l->scale > 0 && l->noise > 2e-9 * l->scale) snprintf(relative, sizeof relative, "< %.2g %%", 100 * l->noise / l->scale); /* hidden in it */
  if (fmax(l->deviation, l->noise) > 10 * l->scale) snprintf(relative, sizeof relative, ">1000 %%"); /* of an array that vanishes in the limit */
  mdm_power_text(NULL, l->p, l->error, l->bound, p, sizeof p);
  if (l->lowest < l->highest) snprintf(predicted, sizeof predicted, "%g to %g", l->lowest, l->highest);
  else snprintf(predicted, sizeof predicted, "%g", l->highest);
  fprintf(out, "%-34s%9.1f%9.1f   %-16s%-10s%10s\n", l->name, l->rms_z, l->max_z, p, predicted, relative);
}

int mdm_info_comparison(FILE *out, const mdm_record *comparison, mdm_error *err) {
  size_t n, good = 0;
  char verdict[400];
  line *lines = all_lines(comparison, &n);
  if (!lines) return mdm_no_memory(err, "the comparison");
  for (size_t i = 0; i < n; i++) good += lines[i].rms_z <= lines[i].reach;
  if (n) {
    mdm_comparison_verdict(comparison, 0, verdict, sizeof verdict, NULL);
    fprintf(out, "verdict: %s\n\n", verdict);
    fprintf(out, "networks extrapolated to N = ∞ minus the limit, in standard errors: %zu of %zu observables within 2 (RMS; of few runs as rarely exceeded)\n", good, n);
    fprintf(out, "%-34s%9s%9s   %-16s%-10s%10s\n", n > MOST_LINES ? "the 20 farthest" : "", "RMS", "largest", "p of N^-p", "predicted", "deviation");
  }
  for (size_t i = 0; i < n && i < MOST_LINES; i++) print_line(out, &lines[i]);
  if (n) fprintf(out, "deviation: of the widest networks from the limit, in units of the limit's RMS (<: in the noise, two standard errors)\n");
  free(lines);
  return MDM_OK;
}
