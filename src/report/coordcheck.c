/* A coordinate check as text, and whether it met what the parameterization promises (moedmft/coordcheck.h): over widths, and over depths. */
#include <moedmft/report.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/classify.h>

#include "base/fit.h"
#include "base/record.h"
#include "base/text.h"
#include "config/internal.h"
#include "scaling/parts.h"
#include "scaling/scaling.h"

static const char *const desiderata[] = {"stability", "feature learning", "maximal effective updates", "maximal propagating updates",
                                         "balanced aggregation"};
#define FEW "a width has %.0f networks, and errors take %d of each; raise simulate.seeds"
enum { DESIDERATA = sizeof desiderata / sizeof *desiderata };

/* ---------------------------------------------------------------- reading */

typedef struct {
  const mdm_array *width, *step, *rms, *exponent, *predicted, *limit, *agrees, *promised, *kept;
  double fewest; /* seeds; infinite where the file does not tell */
  size_t blocks; /* 0 without residual blocks */
  int splits;
  const mdm_array *chi2; /* or NULL */
  size_t block;  /* of the table that is printed */
} table;

/* Rank (blocks not counted) and extents; 0 for any number of widths. */
static int has_shape(const mdm_array *a, int rank, size_t first, size_t widths, size_t blocks) {
  const size_t *dim = a ? a->dim + (blocks > 0) : NULL;
  if (!a || a->rank != rank + (blocks > 0) || a->dim[0] < 1 || (blocks && a->dim[0] != blocks) || (first && dim[0] != first)) return 0;
  return (rank < 2 || dim[1] == MDM_PARTS_COUNT) && (rank < 3 || dim[2] == widths);
}

static int read_table(const mdm_record *rec, table *t, mdm_error *err) {
  const mdm_array *exponent = mdm_record_find(rec, "exponent");
  t->blocks = exponent && exponent->rank == 3 ? exponent->dim[0] : 0;
  t->splits = mdm_split_count(t->blocks > 0);
  t->block = t->blocks ? t->blocks - 1 : 0;
  const size_t all = (size_t)t->splits;
  const mdm_array **to[] = {&t->width, &t->step, &t->rms, &t->exponent, &t->predicted, &t->limit, &t->agrees, &t->promised, &t->kept};
  const struct {
    const char *path;
    int rank;
    size_t first, blocks;
  } shapes[] = {{"width", 1, 0, 0}, {"step", 1, 1, 0}, {"rms", 3, all, t->blocks}, {"exponent", 2, all, t->blocks}, {"predicted", 2, all, t->blocks},
                {"limit", 2, all, t->blocks}, {"agrees", 2, all, t->blocks}, {"promised", 1, DESIDERATA, 0}, {"kept", 1, DESIDERATA, 0}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    *to[i] = mdm_record_find(rec, shapes[i].path);
    if (!has_shape(*to[i], shapes[i].rank, shapes[i].first, t->width ? t->width->dim[0] : 0, shapes[i].blocks))
      return mdm_fail(err, MDM_ERR_DATA, "the coordinate check is incomplete: %s is missing or has another shape", shapes[i].path);
  }
  const mdm_array *seeds = mdm_record_find(rec, "seeds"), *chi2 = mdm_record_find(rec, "chi2"); /* files of earlier versions lack it */
  t->chi2 = has_shape(chi2, 2, all, 0, t->blocks) ? chi2 : NULL;
  t->fewest = INFINITY;
  for (size_t w = 0; has_shape(seeds, 1, t->width->dim[0], 0, 0) && w < seeds->dim[0]; w++) t->fewest = fmin(t->fewest, seeds->value[w]);
  return MDM_OK;
}

static size_t cell_of(const table *t, size_t block, int split, int part) {
  return (block * (size_t)t->splits + (size_t)split) * MDM_PARTS_COUNT + (size_t)part;
}

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

/* A sum of two powers lies between them. */
static void print_range(FILE *out, double lowest, double p) {
  char low[MDM_REAL_SIZE], high[MDM_REAL_SIZE], text[2 * MDM_REAL_SIZE + 2];
  if (!(lowest < p) || !isfinite(lowest)) {
    print_predicted(out, p);
    return;
  }
  mdm_exponent_format(lowest, low, sizeof low);
  mdm_exponent_format(p, high, sizeof high);
  snprintf(text, sizeof text, "%s..%s", low, high);
  fprintf(out, "%11s", text);
}

static int has_few_seeds(const table *t) { return t->fewest < MDM_FEWEST_RUNS; }

/* A part with prediction and fit, but no verdict, is on its way to its limit (src/study/coordcheck.c). */
static const char *mark(const table *t, size_t cell) {
  double agrees = t->agrees->value[cell];
  if (!isnan(agrees)) return agrees != 0 ? "agrees" : "DEVIATES";
  if (has_few_seeds(t)) return "";
  return isnan(t->predicted->value[cell]) || isnan(t->exponent->value[cell]) ? "" : "nears the limit";
}

/* Exponent, and the verdict on it. */
static void print_measured(FILE *out, double p, double error, int absent, const char *verdict) {
  if (isnan(p)) fprintf(out, "  %-16s", absent ? "absent" : "-");
  else fprintf(out, "  %6.2f +- %-6.2f", p, error);
  fprintf(out, "  %s\n", verdict);
}

static void print_part(FILE *out, const table *t, int split, int part) {
  size_t cell = cell_of(t, t->block, split, part), widths = t->width->dim[0];
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
  print_measured(out, p, error, absent, mark(t, cell));
}

static void print_head(FILE *out, const table *t) {
  char first[32], last[32];
  snprintf(first, sizeof first, "N = %.0f", t->width->value[0]);
  snprintf(last, sizeof last, "N = %.0f", t->width->value[t->width->dim[0] - 1]);
  fprintf(out, "RMS of the parts of every product at step %.0f, and p of RMS ~ N^p over %zu widths", t->step->value[0], t->width->dim[0]);
  if (t->blocks) fprintf(out, "; block %zu of 0 to %zu", t->block, t->blocks - 1);
  fprintf(out, "\n\n");
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

static void print_product(FILE *out, int split, int in_stack) {
  fprintf(out, "%-18s%s\n", mdm_split_path((mdm_split)split), in_stack ? mdm_split_symbol_in_stack((mdm_split)split) : mdm_split_symbol((mdm_split)split));
}

/* Verdicts of every block, and which parts of the others do not scale as predicted; a product that belongs to no block counts once. */
static void print_blocks(FILE *out, const table *t) {
  size_t count[3] = {0}; /* agree, near the limit, deviate */
  for (size_t l = 0; l < t->blocks; l++)
    for (int s = 0; s < t->splits; s++)
      for (int k = 0; k < MDM_PARTS_COUNT; k++) {
        size_t cell = cell_of(t, l, s, k);
        const char *verdict = mark(t, cell);
        if (!*verdict || (l && !mdm_split_in_block((mdm_split)s))) continue;
        count[*verdict == 'a' ? 0 : *verdict == 'n' ? 1 : 2]++;
      }
  fprintf(out, "\nall %zu blocks: %zu parts agree, %zu near the limit, %zu deviate\n", t->blocks, count[0], count[1], count[2]);
  for (size_t l = 0; l < t->blocks; l++)
    for (int s = 0; s < t->splits; s++)
      for (int k = 0; k < MDM_PARTS_COUNT; k++)
        if (l != t->block && mdm_split_in_block((mdm_split)s) && t->agrees->value[cell_of(t, l, s, k)] == 0)
          fprintf(out, "block %zu, %s %s: N^%.2f DEVIATES\n", l, mdm_split_path((mdm_split)s), mdm_part_name((mdm_part_kind)k), t->exponent->value[cell_of(t, l, s, k)]);
}

/* Powers that do not describe their series, which are told with errors that have grown by that. */
static void print_misfits(FILE *out, const table *t) {
  size_t fits = 0, misfits = 0, worst = 0;
  for (size_t cell = 0; t->chi2 && cell < (t->blocks ? t->blocks : 1) * (size_t)t->splits * MDM_PARTS_COUNT; cell++) {
    if (!isfinite(t->chi2->value[cell])) continue;
    fits++;
    if (!(t->chi2->value[cell] > MDM_MISFIT)) continue;
    if (!misfits++ || t->chi2->value[cell] > t->chi2->value[worst]) worst = cell;
  }
  if (!misfits) return;
  fprintf(out, "\n%zu of %zu powers do not describe their RMS (chi-squared per degree of freedom above %d), and their errors are enlarged; the worst: %s %s, %.3g\n", misfits, fits, MDM_MISFIT,
          mdm_split_path((mdm_split)(worst / MDM_PARTS_COUNT % (size_t)t->splits)), mdm_part_name((mdm_part_kind)(worst % MDM_PARTS_COUNT)), t->chi2->value[worst]);
}

static void print_table(FILE *out, const table *t) {
  print_head(out, t);
  for (int s = 0; s < t->splits; s++) {
    print_product(out, s, t->blocks > 0);
    for (int k = 0; k < MDM_PARTS_COUNT; k++)
      if (k != MDM_PART_UPDATE) print_part(out, t, s, k);
  }
  if (t->blocks) print_blocks(out, t);
  print_misfits(out, t);
  print_desiderata(out, t);
  if (has_few_seeds(t)) fprintf(out, "\nno verdicts: " FEW "\n", t->fewest, MDM_FEWEST_RUNS);
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
  if (has_few_seeds(&t)) return mdm_fail(err, MDM_ERR_EXPECT, "unresolved: " FEW, t.fewest, MDM_FEWEST_RUNS);
  enum { LEARNING = 1 }; /* of the desiderata */
  if (t.promised->value[LEARNING] != 0 && isnan(t.kept->value[LEARNING]))
    return mdm_fail(err, MDM_ERR_EXPECT, "unresolved: the parameterization promises feature learning, and no matrix has learned anything (train.lr, train.lr_multiplier)");
  for (int d = 0; d < DESIDERATA; d++)
    if (t.promised->value[d] != 0 && t.kept->value[d] == 0)
      return mdm_fail(err, MDM_ERR_EXPECT, "the parameterization promises %s, and the networks do not show it", desiderata[d]);
  for (size_t l = 0; l < (t.blocks ? t.blocks : 1); l++)
    for (int s = 0; s < t.splits; s++)
      for (int k = 0; k < MDM_PARTS_COUNT; k++) {
        char where[32] = "";
        size_t cell = cell_of(&t, l, s, k);
        if (t.blocks && mdm_split_in_block((mdm_split)s)) snprintf(where, sizeof where, " in block %zu", l);
        if (t.agrees->value[cell] == 0)
          return mdm_fail(err, MDM_ERR_EXPECT, "the %s part of %s%s goes like N^%.2f, not like N^%.2f", mdm_part_name((mdm_part_kind)k),
                          mdm_split_path((mdm_split)s), where, t.exponent->value[cell], t.predicted->value[cell]);
      }
  return MDM_OK;
}

/* ---------------------------------------------------------------- depths */

enum { GROUP_SIZE = 64 };

typedef struct {
  const mdm_array *depth, *step, *rms, *exponent, *lowest, *predicted, *agrees;
} depth_table;

/* Parts of one series of depths, or of its group in the whole record ("depths/limit/"). 0: there are none. */
static int read_depths(const mdm_record *rec, const char *group, depth_table *t) {
  const mdm_array **to[] = {&t->depth, &t->step, &t->rms, &t->exponent, &t->lowest, &t->predicted, &t->agrees};
  static const char *const names[] = {"depth", "parts/step", "parts/rms", "parts/exponent", "parts/lowest", "parts/predicted", "parts/agrees"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[128];
    snprintf(path, sizeof path, "%.90s%s", group, names[i]);
    const mdm_array *a = *to[i] = mdm_record_find(rec, path);
    int rank = i < 2 ? 1 : i == 2 ? 3 : 2;
    if (!a || a->rank != rank || !a->dim[0]) return 0;
    if (rank > 1 && (a->dim[0] != MDM_SPLITS || a->dim[1] != MDM_PARTS_COUNT)) return 0;
  }
  return t->rms->dim[2] == t->depth->dim[0];
}

static void print_depth_part(FILE *out, const depth_table *t, size_t cell, int part) {
  size_t n = t->depth->dim[0];
  const double *rms = t->rms->value + cell * n;
  double agrees = t->agrees->value[cell];
  int absent = 1;
  for (size_t i = 0; i < n; i++) absent &= rms[i] == 0;
  if (absent && !isfinite(t->predicted->value[cell])) return;
  fprintf(out, "  %-14s", mdm_part_name((mdm_part_kind)part));
  print_value(out, rms[0]);
  print_value(out, rms[n - 1]);
  print_range(out, t->lowest->value[cell], t->predicted->value[cell]);
  print_measured(out, t->exponent->value[cell], t->exponent->error ? t->exponent->error[cell] : NAN, absent, isnan(agrees) ? "" : agrees != 0 ? "agrees" : "DEVIATES");
}

static void print_series(FILE *out, const mdm_record *rec, const char *group, const char *label) {
  depth_table t;
  char first[32], last[32];
  if (!read_depths(rec, group, &t)) return;
  size_t n = t.depth->dim[0];
  snprintf(first, sizeof first, "L = %.0f", t.depth->value[0]);
  snprintf(last, sizeof last, "L = %.0f", t.depth->value[n - 1]);
  fprintf(out, "\n%s: RMS of the parts over blocks at step %.0f, and p of RMS ~ L^p over depths from 4 on\n\n%16s%11s%11s%11s  %s\n", label, t.step->value[0], "", first, last,
          "predicted", "measured");
  for (int s = 0; s < MDM_SPLITS; s++) {
    print_product(out, s, 1);
    for (int k = 0; k < MDM_PARTS_COUNT; k++)
      if (k != MDM_PART_UPDATE) print_depth_part(out, &t, (size_t)s * MDM_PARTS_COUNT + (size_t)k, k);
  }
}

/* The series of a record of depths: 0 the limit, then widths as their arrays come. Returns 0 behind the last. */
static int series_at(const mdm_record *rec, size_t i, char group[GROUP_SIZE]) {
  static const char end[] = "/parts/rms";
  size_t seen = 0;
  for (size_t k = 0; k < mdm_record_count(rec); k++) {
    const char *path = mdm_record_at(rec, k)->path;
    size_t n = strlen(path), tail = sizeof end - 1;
    if (n <= tail || n - tail + 1 >= GROUP_SIZE || strcmp(path + n - tail, end) || seen++ != i) continue;
    snprintf(group, GROUP_SIZE, "%.*s/", (int)(n - tail), path);
    return 1;
  }
  return 0;
}

/* "limit N = ∞", "networks of N = 32". */
static void label_of(const char *group, char out[48]) {
  const char *width = strstr(group, "width_");
  if (width) snprintf(out, 48, "networks of N = %ld", strtol(width + 6, NULL, 10));
  else snprintf(out, 48, "limit N = ∞");
}

int mdm_depth_parts_format(const mdm_record *depths, char **out, mdm_error *err) {
  char group[GROUP_SIZE], label[48];
  mdm_text text;
  *out = NULL;
  int status = mdm_text_open(&text, "the parts at several depths", err);
  if (status) return status;
  for (size_t i = 0; series_at(depths, i, group); i++) {
    label_of(group, label);
    print_series(text.stream, depths, group, label);
  }
  return mdm_text_close(&text, out, err);
}

int mdm_depth_parts_expect(const mdm_record *depths, mdm_error *err) {
  char group[GROUP_SIZE], label[48];
  for (size_t i = 0; series_at(depths, i, group); i++) {
    depth_table t;
    if (!read_depths(depths, group, &t)) return mdm_fail(err, MDM_ERR_DATA, "the coordinate check is incomplete: %s lacks parts", group);
    label_of(group, label);
    for (size_t cell = 0; cell < MDM_SPLITS * MDM_PARTS_COUNT; cell++)
      if (t.agrees->value[cell] == 0)
        return mdm_fail(err, MDM_ERR_EXPECT, "%s: the %s part of %s goes like L^%.2f, not like L^%.2f", label, mdm_part_name((mdm_part_kind)(cell % MDM_PARTS_COUNT)),
                        mdm_split_path((mdm_split)(cell / MDM_PARTS_COUNT)), t.exponent->value[cell], t.predicted->value[cell]);
  }
  return MDM_OK;
}
