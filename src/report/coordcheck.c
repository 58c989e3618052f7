/* A coordinate check as text, and whether it met what the parameterization promises (moedmft/coordcheck.h). */
#include <moedmft/report.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <moedmft/classify.h>

#include "base/text.h"
#include "config/internal.h"
#include "scaling/parts.h"
#include "scaling/scaling.h"

static const char *const desiderata[] = {"stability", "feature learning", "maximal effective updates", "maximal propagating updates",
                                         "balanced aggregation"};
enum { DESIDERATA = sizeof desiderata / sizeof *desiderata };

/* ---------------------------------------------------------------- reading */

typedef struct {
  const mdm_array *width, *step, *rms, *exponent, *predicted, *limit, *agrees, *promised, *kept;
} table;

/* Rank and extents; 0 for any number of widths. */
static int has_shape(const mdm_array *a, int rank, size_t first, size_t widths) {
  if (!a || a->rank != rank || a->dim[0] < 1 || (first && a->dim[0] != first)) return 0;
  return (rank < 2 || a->dim[1] == MDM_PARTS_COUNT) && (rank < 3 || a->dim[2] == widths);
}

static int read_table(const mdm_record *rec, table *t, mdm_error *err) {
  const mdm_array **to[] = {&t->width, &t->step, &t->rms, &t->exponent, &t->predicted, &t->limit, &t->agrees, &t->promised, &t->kept};
  static const struct {
    const char *path;
    int rank;
    size_t first;
  } shapes[] = {{"width", 1, 0}, {"step", 1, 1}, {"rms", 3, MDM_SPLITS}, {"exponent", 2, MDM_SPLITS}, {"predicted", 2, MDM_SPLITS},
                {"limit", 2, MDM_SPLITS}, {"agrees", 2, MDM_SPLITS}, {"promised", 1, DESIDERATA}, {"kept", 1, DESIDERATA}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    *to[i] = mdm_record_find(rec, shapes[i].path);
    if (!has_shape(*to[i], shapes[i].rank, shapes[i].first, t->width ? t->width->dim[0] : 0))
      return mdm_fail(err, MDM_ERR_DATA, "the coordinate check is incomplete: %s is missing or has another shape", shapes[i].path);
  }
  return MDM_OK;
}

static size_t cell_of(int split, int part) { return (size_t)split * MDM_PARTS_COUNT + (size_t)part; }

/* ---------------------------------------------------------------- table */

static void print_value(FILE *out, double v) {
  if (isnan(v)) fprintf(out, "%11s", "-");
  else fprintf(out, v != 0 && fabs(v) < 1e-4 ? "%11.2e" : "%11.4f", v);
}

/* In parentheses where the part vanishes: then it is what sampling leaves of zero. */
static void print_limit(FILE *out, double v, double predicted) {
  char text[32];
  if (isnan(v) || !(predicted < 0)) {
    print_value(out, v);
    return;
  }
  snprintf(text, sizeof text, v != 0 && v < 1e-4 ? "(%.0e)" : "(%.4f)", v);
  fprintf(out, "%11s", text);
}

static void print_predicted(FILE *out, double p) {
  char text[MDM_REAL_SIZE];
  if (isnan(p)) snprintf(text, sizeof text, "-");
  else if (isinf(p)) snprintf(text, sizeof text, "none");
  else mdm_exponent_format(p, text, sizeof text);
  fprintf(out, "%11s", text);
}

/* A part with prediction and fit, but no verdict, is on its way to its limit (src/study/coordcheck.c). */
static const char *mark(const table *t, size_t cell) {
  double agrees = t->agrees->value[cell];
  if (!isnan(agrees)) return agrees != 0 ? "agrees" : "DEVIATES";
  return isnan(t->predicted->value[cell]) || isnan(t->exponent->value[cell]) ? "" : "nears the limit";
}

static void print_part(FILE *out, const table *t, int split, int part) {
  size_t cell = cell_of(split, part), widths = t->width->dim[0];
  const double *rms = t->rms->value + cell * widths;
  double p = t->exponent->value[cell], error = t->exponent->error ? t->exponent->error[cell] : NAN;
  int absent = 1;
  for (size_t w = 0; w < widths; w++) absent &= rms[w] == 0;
  if (absent && !(isfinite(t->predicted->value[cell]))) return;
  fprintf(out, "  %-14s", mdm_part_name((mdm_part_kind)part));
  print_value(out, rms[0]);
  print_value(out, rms[widths - 1]);
  print_limit(out, t->limit->value[cell], t->predicted->value[cell]);
  print_predicted(out, t->predicted->value[cell]);
  if (isnan(p)) fprintf(out, "  %-16s", absent ? "absent" : "-");
  else fprintf(out, "  %6.2f +- %-6.2f", p, error);
  fprintf(out, "  %s\n", mark(t, cell));
}

static void print_head(FILE *out, const table *t) {
  char first[32], last[32];
  snprintf(first, sizeof first, "N = %.0f", t->width->value[0]);
  snprintf(last, sizeof last, "N = %.0f", t->width->value[t->width->dim[0] - 1]);
  fprintf(out, "RMS of the parts of every product at step %.0f, and p of RMS ~ N^p over %zu widths\n\n", t->step->value[0], t->width->dim[0]);
  fprintf(out, "%16s%11s%11s%11s%11s  %s\n", "", first, last, "limit", "predicted", "measured");
}

static void print_desiderata(FILE *out, const table *t) {
  fprintf(out, "\n%-30s%-10s%s\n", "", "promised", "measured");
  for (int d = 0; d < DESIDERATA; d++) {
    double kept = t->kept->value[d];
    int promised = t->promised->value[d] != 0;
    fprintf(out, "%-30s%-10s%s%s\n", desiderata[d], promised ? "yes" : "no", isnan(kept) ? "cannot be seen" : kept != 0 ? "yes" : "no",
            promised && !isnan(kept) ? kept != 0 ? "   kept" : "   BROKEN" : "");
  }
}

static void print_table(FILE *out, const table *t) {
  print_head(out, t);
  for (int s = 0; s < MDM_SPLITS; s++) {
    fprintf(out, "%-18s%s\n", mdm_split_path((mdm_split)s), mdm_split_symbol((mdm_split)s));
    for (int k = 0; k < MDM_PARTS_COUNT; k++)
      if (k != MDM_PART_UPDATE) print_part(out, t, s, k);
  }
  print_desiderata(out, t);
}

int mdm_coordcheck_format(const mdm_record *check, char **out, mdm_error *err) {
  table t = {0};
  mdm_text text;
  *out = NULL;
  int status = read_table(check, &t, err);
  if (!status) status = mdm_text_open(&text, "the coordinate check", err);
  if (status) return status;
  print_table(text.stream, &t);
  return mdm_text_close(&text, out, err);
}

/* ---------------------------------------------------------------- expectations */

int mdm_coordcheck_expect(const mdm_record *check, mdm_error *err) {
  table t = {0};
  int status = read_table(check, &t, err);
  if (status) return status;
  for (int d = 0; d < DESIDERATA; d++)
    if (t.promised->value[d] != 0 && t.kept->value[d] == 0)
      return mdm_fail(err, MDM_ERR_EXPECT, "the parameterization promises %s, and the networks do not show it", desiderata[d]);
  for (int s = 0; s < MDM_SPLITS; s++)
    for (int k = 0; k < MDM_PARTS_COUNT; k++) {
      size_t cell = cell_of(s, k);
      if (t.agrees->value[cell] == 0)
        return mdm_fail(err, MDM_ERR_EXPECT, "the %s part of %s goes like N^%.2f, not like N^%.2f", mdm_part_name((mdm_part_kind)k),
                        mdm_split_path((mdm_split)s), t.exponent->value[cell], t.predicted->value[cell]);
    }
  return MDM_OK;
}
