/* What the law says of sizes that were asked for, and where a run of them would lie. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "law/fitting.h"

/* The values of the columns of the formula that the text gives. */
static int read_sizes(const mdm_fitting *f, const char *text, double *value, mdm_error *err) {
  const char *name[MDM_LAW_COLUMNS];
  for (size_t i = 0; i < f->e.columns; i++) name[i] = f->e.column[i];
  int status = mdm_law_assignments(text, "--predict", f->e.columns, name, value, err);
  for (size_t i = 0; i < f->e.columns && !status; i++)
    if (isnan(value[i])) status = mdm_fail(err, MDM_ERR_USAGE, "--predict '%s': %s is missing", text, name[i]);
  return status;
}

/* The loss of the law in every resample, and of a run there: with a residual drawn from those of the fit (rows). */
static void scatter(mdm_fitting *f, mdm_formula *one, size_t which, const double *residual, double *law, double *run) {
  double grown = sqrt((double)f->rows / (double)(f->rows - f->free));
  for (size_t b = 0; b < f->resamples; b++) {
    uint64_t word;
    law[b] = run[b] = NAN;
    if (isnan(f->sample[b * f->p])) continue;
    mdm_words((mdm_stream){.seed = f->o->seed, .run = 1 + (uint32_t)which, .purpose = MDM_DRAW_BOOTSTRAP}, b, 1, &word);
    mdm_formula_values(one, f->sample + b * f->p, &law[b], NULL);
    run[b] = law[b] * exp(-grown * residual[word % f->rows]);
  }
}

static int predict(mdm_fitting *f, size_t which, mdm_error *err) {
  mdm_law_prediction *p = &f->fit->prediction[which];
  const double *column[MDM_LAW_COLUMNS];
  double value[MDM_LAW_COLUMNS], loss;
  mdm_formula one;
  size_t bad;
  p->at = f->o->predict[which];
  int status = read_sizes(f, p->at, value, err);
  for (size_t i = 0; i < f->e.columns; i++) column[i] = &value[i];
  if (!status) status = mdm_formula_create(&f->e, 1, column, &one, &bad, err);
  if (status) return status;
  mdm_formula_values(&one, f->x, &loss, NULL);
  double *law = mdm_alloc(f->resamples, 2, 1, sizeof *law), *residual = mdm_alloc(f->rows, 1, 1, sizeof *residual);
  if (!law || !residual) status = mdm_no_memory(err, "a prediction");
  if (!status) {
    mdm_target_residuals(&f->all, f->x, residual);
    scatter(f, &one, which, residual, law, law + f->resamples);
    p->loss = mdm_law_interval(f, loss, law, 0);
    mdm_law_number run = mdm_law_interval(f, loss, law + f->resamples, 0);
    p->run_low = run.low, p->run_high = run.high;
  }
  free(law), free(residual);
  mdm_formula_free(&one);
  return status;
}

int mdm_law_predict_check(const mdm_fitting *f, mdm_error *err) {
  double value[MDM_LAW_COLUMNS];
  int status = MDM_OK;
  for (size_t i = 0; i < f->o->predictions && !status; i++) status = read_sizes(f, f->o->predict[i], value, err);
  return status;
}

int mdm_law_predict(mdm_fitting *f, mdm_error *err) {
  int status = MDM_OK;
  f->fit->prediction = mdm_alloc(f->o->predictions, 1, 1, sizeof *f->fit->prediction);
  if (!f->fit->prediction) return mdm_no_memory(err, "predictions");
  f->fit->predictions = f->o->predictions;
  for (size_t i = 0; i < f->o->predictions && !status; i++) status = predict(f, i, err);
  return status;
}
