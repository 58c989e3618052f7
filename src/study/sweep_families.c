/* Losses of families of networks in a sweep (sweep_families.h). */
#include "study/sweep_families.h"

#include <math.h>
#include <string.h>

#include "run/family.h"

int mdm_sweep_is_of_families(const mdm_sweep *s, size_t cell) {
  long axis = mdm_grid_find(&s->grid, "solve.method");
  if (!isinf(s->width[cell % s->widths])) return 0;
  if (axis < 0) return mdm_by_networks(s->cfg);
  return !strcmp(s->grid.axis[axis].text[mdm_grid_index(&s->grid, cell / s->widths, (size_t)axis)], "networks");
}

/* Number t of the array of that path; NaN: there is none. */
static double number_at(const mdm_record *rec, const char *path, size_t t) {
  const mdm_array *a = mdm_record_find(rec, path);
  return a && t < a->dim[0] ? a->value[t] : NAN;
}

static int all_finite(size_t n, const double *v, size_t stride) {
  for (size_t r = 0; r < n; r++)
    if (!isfinite(v[r * stride])) return 0;
  return 1;
}

/* Losses and biases of that name, T numbers of each family. */
static void take(mdm_record *const *record, size_t n, size_t T, const char *path, const char *bias_path, double *curve, double *bias) {
  for (size_t t = 0; t < T; t++) {
    int finite = all_finite(n, curve + t, T);
    for (size_t r = 0; r < n && finite; r++) {
      double b = number_at(record[r], bias_path, t);
      curve[r * T + t] = number_at(record[r], path, t);
      bias[r * T + t] = isnan(b) ? 0 : b;
    }
  }
}

int mdm_sweep_families(const mdm_sweep *s, const mdm_batch *b, mdm_record *const *record, size_t n, double *curve, double *test, double *bias, double *test_bias, mdm_error *err) {
  int status = mdm_batch_losses(b, record, n, err);
  if (status) return status;
  take(record, n, s->steps, "observables/train/loss", "bias/observables/train/loss", curve, bias);
  take(record, n, s->tests, "observables/test/loss", "bias/observables/test/loss", test, test_bias);
  return MDM_OK;
}
