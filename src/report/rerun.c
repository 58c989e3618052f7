/* What came out of a run that was repeated, as text (moedmft/report.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/report.h>
#include <moedmft/version.h>

#include "base/text.h"
#include "file/rerun.h"

enum { SHOWN = 120, PLACE_SIZE = 400 };

/* ---------------------------------------------------------------- builds and machines */

/* The text between `after` and the next "; " in the attribute blas (src/file/provenance.c); after "": from its beginning. */
static void part_of(const char *blas, const char *after, char out[SHOWN]) {
  const char *at = strstr(blas, after);
  size_t n = 0;
  *out = '\0';
  if (!at) return;
  at += strlen(after);
  const char *end = strstr(at, "; ");
  n = end ? (size_t)(end - at) : strlen(at);
  snprintf(out, SHOWN, "%.*s", (int)n, at);
}

static size_t print_difference(FILE *out, const char *name, const char *then, const char *now) {
  if (!strcmp(then, now)) return 0;
  fprintf(out, "  %-20s %s there, %s here\n", name, *then ? then : "unknown", *now ? now : "unknown");
  return 1;
}

/* OpenBLAS names the kernel in what it says of itself: where kernels differ, that is told once. */
static int blas_is_named_by_kernel(const char *then, const char *now) {
  char a[SHOWN], b[SHOWN];
  part_of(then ? then : "", "; kernel ", a);
  part_of(now, "; kernel ", b);
  return strcmp(a, b) != 0;
}

/* How the program and the machine of the file differ from these; returns how many lines. */
static size_t print_build(FILE *out, const mdm_rerun *r) {
  static const struct {
    const char *attribute, *name, *part; /* part: of the attribute blas */
  } rows[] = {{"version", "version", NULL}, {"commit", "commit", NULL}, {"dirty", "uncommitted changes", NULL}, {"sources", "sources and flags", NULL}, {"compiler", "compiler", NULL},
              {"blas", "BLAS", ""}, {"blas", "BLAS kernel", "; kernel "}, {"blas", "vector instructions", "; vectors "}};
  char dirty[8], a[SHOWN], b[SHOWN];
  snprintf(dirty, sizeof dirty, "%d", mdm_dirty());
  const char *now[] = {mdm_version(), mdm_commit(), dirty, mdm_sources(), mdm_compiler(), mdm_blas(), mdm_blas(), mdm_blas()};
  size_t lines = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *then = NULL;
    mdm_file_dup_text(r->file, "/", rows[i].attribute, &then, NULL);
    if (rows[i].part) part_of(then ? then : "", rows[i].part, a), part_of(now[i], rows[i].part, b);
    else snprintf(a, sizeof a, "%s", then ? then : ""), snprintf(b, sizeof b, "%s", now[i]);
    if (rows[i].part && !*rows[i].part && blas_is_named_by_kernel(then, now[i])) snprintf(a, sizeof a, "%s", b);
    lines += print_difference(out, rows[i].name, a, b);
    free(then);
  }
  return lines;
}

/* ---------------------------------------------------------------- deviations */

/* "observables/train/loss[3]". */
static void name_place(const mdm_place *p, char out[PLACE_SIZE]) {
  int n = snprintf(out, PLACE_SIZE, "%s", *p->path == '/' ? p->path + 1 : p->path);
  for (int d = 0; d < p->rank && n < PLACE_SIZE; d++) n += snprintf(out + n, (size_t)(PLACE_SIZE - n), d ? ",%zu" : "[%zu", p->index[d]);
  if (p->rank && n < PLACE_SIZE) snprintf(out + n, (size_t)(PLACE_SIZE - n), "]");
}

static void print_place(FILE *out, const mdm_place *p, const char *unit) {
  char name[PLACE_SIZE];
  if (!*p->path) return;
  name_place(p, name);
  fprintf(out, "  largest: %.3g %s, %s: %.17g there, %.17g here\n", p->size, unit, name, p->then, p->now);
}

static void print_deviations(FILE *out, const mdm_agreement *a) {
  if (a->numbers_apart) fprintf(out, "  %zu of %zu numbers differ, in %zu array%s\n", a->numbers_apart, a->numbers, a->arrays_apart, MDM_S(a->arrays_apart));
  print_place(out, &a->in_errors, "standard errors");
  if (a->in_errors.size > 0) fprintf(out, "  root mean square: %.3g standard errors, of the %zu numbers that have one\n", a->rms_in_errors, a->with_errors);
  print_place(out, &a->relative, "of the size of its array");
  if (a->others) fprintf(out, "  %s%s\n", a->other, a->others > 1 ? ", and others like this" : "");
}

/* ---------------------------------------------------------------- the whole */

static int verdict(const mdm_rerun *r, mdm_error *err) {
  const mdm_agreement *a = &r->agreement;
  char name[PLACE_SIZE];
  if (mdm_agreement_holds(a)) return MDM_OK;
  const mdm_place *p = a->in_errors.size > 0 ? &a->in_errors : &a->relative;
  name_place(p, name);
  if (!a->numbers_apart) return mdm_fail(err, MDM_ERR_EXPECT, "%s is not repeated: %s", r->file->path, a->other);
  return mdm_fail(err, MDM_ERR_EXPECT, "%s is not repeated bit for bit: the largest deviation is %.3g %s, in %s", r->file->path, p->size,
                  p == &a->in_errors ? "standard errors" : "of the size of its array", name);
}

static void print_all(FILE *out, const mdm_rerun *r) {
  const mdm_agreement *a = &r->agreement;
  int holds = mdm_agreement_holds(a);
  fprintf(out, "%s (%s): %s; %zu array%s compared, %zu numbers, times left out\n", r->file->path, r->command, holds ? "repeated bit for bit" : "NOT the same", a->arrays,
          MDM_S(a->arrays), a->numbers);
  for (size_t i = 0; i < r->notes; i++) fprintf(out, "  %s\n", r->note[i]);
  if (!holds) print_deviations(out, a);
  size_t lines = print_build(out, r);
  if (lines && holds) fputs("  the builds or machines above differ without an effect here\n", out);
  if (!lines && !holds) fputs("  program, compiler, BLAS kernel and vector instructions are the same: libraries may have changed (glibc, GSL, SLEEF), or memory may have failed\n", out);
}

int mdm_rerun_report(const mdm_rerun *r, char **out, mdm_error *err) {
  mdm_text t;
  *out = NULL;
  int status = mdm_text_open(&t, "the report", err);
  if (status) return status;
  print_all(t.stream, r);
  status = mdm_text_close(&t, out, err);
  return status ? status : verdict(r, err);
}
