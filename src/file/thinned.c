/* Train predictions of some steps (thinned.h). */
#include "file/thinned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "problem/problem.h"

int mdm_is_thinned(const mdm_array *a) { return !strcmp(a->dims, "step, sample, output") && a->dim[0] > 0; }

/* *to: the rows of n steps, `size` numbers each; NULL where there are none to choose from. */
static int choose_rows(const double *from, size_t steps, size_t every, size_t n, size_t size, double **to, mdm_error *err) {
  *to = NULL;
  if (!from) return MDM_OK;
  *to = mdm_alloc(n, size, 1, sizeof **to);
  for (size_t i = 0; i < n && *to; i++) memcpy(*to + size * i, from + size * mdm_test_step(steps, every, i), size * sizeof **to);
  return *to ? MDM_OK : mdm_no_memory(err, "predictions of %zu steps", n);
}

int mdm_thin(const mdm_array *a, size_t every, mdm_array *few, mdm_error *err) {
  size_t steps = a->dim[0] - 1, n = mdm_test_count(steps, every), size = a->dim[1] * a->dim[2];
  *few = *a;
  few->dim[0] = n;
  few->error = NULL;
  snprintf(few->dims, sizeof few->dims, "prediction step, sample, output");
  int status = choose_rows(a->value, steps, every, n, size, &few->value, err);
  if (!status) status = choose_rows(a->error, steps, every, n, size, &few->error, err);
  if (status) mdm_thinned_free(few);
  return status;
}

void mdm_thinned_free(mdm_array *few) {
  free(few->value);
  free(few->error);
  few->value = few->error = NULL;
}
