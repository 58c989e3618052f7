/* moedmft fit: loss laws of runs. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <moedmft/law.h>

#include "cli/answer.h"
#include "cli/command.h"

enum { RESAMPLES = 1000 };

static int read_delta(const char *text, double *out, mdm_error *err) {
  char *end;
  *out = strtod(text, &end);
  if (end != text && !*end && *out > 0 && isfinite(*out)) return MDM_OK;
  return mdm_fail(err, MDM_ERR_USAGE, "--delta %s: allowed are positive numbers", text);
}

static int read_seed(const char *text, unsigned long *out, mdm_error *err) {
  char *end;
  errno = 0;
  *out = strtoul(text, &end, 10);
  if (*text >= '0' && *text <= '9' && !*end && !errno) return MDM_OK;
  return mdm_fail(err, MDM_ERR_USAGE, "--seed %s: allowed are integers from 0 on", text);
}

static int read_options(const arguments *a, mdm_law_options *o, mdm_error *err) {
  *o = (mdm_law_options){.law = a->law, .seed = 1, .starts = (size_t)a->starts, .threads = a->threads, .free_limit = a->free_limit, .budget = a->budget};
  o->resamples = a->given & BIT(BOOTSTRAP) ? (size_t)a->bootstrap : RESAMPLES;
  o->bound = a->bound.word, o->bounds = a->bound.count;
  o->start = a->start.word, o->starts_given = a->start.count;
  o->fix = a->fix.word, o->fixes = a->fix.count;
  o->predict = a->predict.word, o->predictions = a->predict.count;
  int status = a->delta ? read_delta(a->delta, &o->delta, err) : MDM_OK;
  return status || !a->seed ? status : read_seed(a->seed, &o->seed, err);
}

static int run(const arguments *a, mdm_error *err) {
  mdm_law_runs *runs = NULL;
  mdm_law_fit *fit = NULL;
  mdm_law_options options;
  char *text = NULL;
  int status = read_options(a, &options, err);
  if (!status) status = mdm_law_runs_read(a->input, &runs, err);
  if (!status) status = mdm_law_fit_compute(runs, &options, &fit, err);
  if (!status) status = mdm_law_fit_format(fit, a->format ? a->format : "text", &text, err);
  mdm_law_fit_free(fit);
  mdm_law_runs_free(runs);
  return answer_print(status, text);
}

const command fit_command = {
    .name = "fit",
    .input = "FILE",
    .summary = "a loss law of runs (a CSV file, or a file of a sweep or comparison), with intervals",
    .example = "moedmft fit rates.h5 --law power --fix p=1",
    .needs = BIT(LAW),
    .takes = BIT(SEED) | BIT(THREADS) | BIT(FORMAT) | BIT(DELTA) | BIT(STARTS) | BIT(BOOTSTRAP) | BIT(BOUND) | BIT(START) | BIT(FIX) | BIT(FREE_LIMIT) |
             BIT(PREDICT) | BIT(BUDGET),
    .run = run,
};
