/* Arrays of records, bit by bit. */
#include "support/arrays.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

size_t elements(const mdm_array *a) {
  size_t n = 1;
  for (int i = 0; i < a->rank; i++) n *= a->dim[i];
  return n;
}

int same_array(const mdm_array *a, const mdm_array *b) {
  size_t n = elements(a) * sizeof(double);
  if (a->rank != b->rank || memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) || !a->error != !b->error) return 0;
  return !memcmp(a->value, b->value, n) && (!a->error || !memcmp(a->error, b->error, n));
}

int is_finite(const mdm_array *a) {
  for (size_t i = 0; i < elements(a); i++)
    if (!isfinite(a->value[i]) || (a->error && !isfinite(a->error[i]))) return 0;
  return 1;
}

int is_time(const mdm_array *a) { return strstr(a->path, "seconds") != NULL; }

void check_same(const mdm_record *a, const mdm_record *b) {
  CU_ASSERT_EQUAL_FATAL(mdm_record_count(a), mdm_record_count(b));
  for (size_t i = 0; i < mdm_record_count(a); i++) {
    const mdm_array *x = mdm_record_at(a, i), *y = mdm_record_find(b, x->path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    if (is_time(x)) continue;
    CU_ASSERT_EQUAL_FATAL(elements(x), elements(y));
    int same = same_array(x, y);
    if (!same) printf("\n    %s differs\n", x->path);
    CU_ASSERT(same);
  }
}
