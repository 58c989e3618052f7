/* Files that the program wrote, read back. */
#include "support/results.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/file.h>

#include "support/arrays.h"
#include "support/folder.h"

mdm_record *read_record(const char *name, const char *group) {
  mdm_file *file;
  mdm_record *rec = NULL;
  mdm_error err = {0};
  int status = mdm_file_open(in_folder(name), &file, &err);
  if (!status) {
    status = mdm_file_read_record(file, group, 0, &rec, &err);
    mdm_file_discard(file);
  }
  if (status) printf("\n    %s, %s: %s\n", name, group, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  return rec;
}

double attribute(const char *name, const char *group, const char *attr) {
  mdm_file *file;
  double value = NAN;
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder(name), &file, NULL), MDM_OK);
  if (mdm_file_get_real(file, group, attr, &value, NULL)) value = NAN;
  mdm_file_discard(file);
  return value;
}

int differences(const char *a, const char *b, const char *group, int all, size_t *compared) {
  mdm_record *x = read_record(a, group), *y = read_record(b, group);
  int bad = all && mdm_record_count(x) != mdm_record_count(y);
  for (size_t i = 0; i < mdm_record_count(x); i++) {
    const mdm_array *p = mdm_record_at(x, i), *q = mdm_record_find(y, p->path);
    if (is_time(p)) continue;
    if (!q) {
      bad += all;
      continue;
    }
    ++*compared;
    bad += !same_array(p, q);
  }
  mdm_record_free(x);
  mdm_record_free(y);
  return bad;
}

void same_results(const char *a, const char *b, int all) {
  mdm_file *file;
  long *widths;
  size_t n, compared = 0;
  int bad = differences(a, b, "/", all, &compared);
  CU_ASSERT_EQUAL_FATAL(mdm_file_open(in_folder(a), &file, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_file_widths(file, &widths, &n, NULL), MDM_OK);
  mdm_file_discard(file);
  for (size_t i = 0; i < n; i++) {
    char group[48];
    snprintf(group, sizeof group, "/width_%ld", widths[i]);
    bad += differences(a, b, group, all, &compared);
  }
  free(widths);
  if (bad) printf("\n    %s and %s differ in %d of %zu arrays\n", a, b, bad, compared);
  CU_ASSERT_EQUAL(bad, 0);
  CU_ASSERT(compared > 30);
}

void ends_after(const char *name, const char *group, double steps) {
  mdm_record *rec = read_record(name, group);
  size_t seen = 0;
  for (size_t i = 0; i < mdm_record_count(rec); i++) {
    const mdm_array *a = mdm_record_at(rec, i);
    if (strncmp(a->path, "observables/", 12) || !strncmp(a->path, "observables/test", 16)) continue;
    int good = a->dim[0] == (size_t)steps && is_finite(a);
    if (!good) printf("\n    %s%s/%s: %zu steps, not %g, or not finite\n", name, group, a->path, a->dim[0], steps);
    CU_ASSERT(good);
    seen++;
  }
  CU_ASSERT(seen > 10);
  mdm_record_free(rec);
}

int all_finite(const char *name, const char *group) {
  mdm_record *rec = read_record(name, group);
  int good = 1;
  for (size_t i = 0; i < mdm_record_count(rec); i++)
    if (!strncmp(mdm_record_at(rec, i)->path, "observables/", 12)) good &= is_finite(mdm_record_at(rec, i));
  mdm_record_free(rec);
  return good;
}
