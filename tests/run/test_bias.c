/* solve.bias_check: the estimate is the bias that is there, knows its own error, does not depend on threads, and is told, kept and added. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/record.h"
#include "support/folder.h"
#include "support/program.h"
#include "support/runs.h"
#include "support/suite.h"
#include "support/words.h"

#define PLAIN "output.kernels=false output.statistics=false solve.precision=double solve.bias_check=true "

static void found(const mdm_outcome *o, const char *path, double out[3]) {
  CU_ASSERT_FATAL(mdm_bias_of(o->limit.summary, path, &out[0], &out[1], &out[2]));
}

/* Root mean square of a − b − c, over entries; c may be NULL. */
static double distance(size_t n, const double *a, const double *b, const double *c) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += pow(a[i] - b[i] - (c ? c[i] : 0), 2);
  return sqrt(sum / (double)n);
}

static size_t size_of(const mdm_outcome *o, const char *path) {
  const mdm_array *a = mdm_record_find(o->limit.summary, path);
  return mdm_elements(a->rank, a->dim);
}

/* Directions: the same draws with a tolerance of 0.001 are the truth, so that no noise is in the way. The estimate is meant to be all of the bias, and by
 * 25 % more at most (powers of the tolerance from 1 to 2). */
static void test_tolerance(void) {
#define COARSE "solve.particles=600 solve.replicas=6 train.steps=12 solve.tolerance="
  static const char path[] = "observables/train/prediction";
  mdm_outcome coarse, fine;
  run_with(MDM_RUN_LIMIT, 2, PLAIN COARSE "0.3", &coarse);
  run_with(MDM_RUN_LIMIT, 2, PLAIN COARSE "0.001", &fine);
  size_t n = size_of(&coarse, path);
  double truth = distance(n, values(coarse.limit.summary, path), values(fine.limit.summary, path), NULL);
  double zero[2000] = {0}, seen = distance(n, values(coarse.limit.summary, "diagnostics/bias/of_tolerance"), zero, NULL);
  CU_ASSERT_FATAL(n <= COUNT(zero));
  CU_ASSERT(seen > 0.9 * truth && seen < 1.4 * truth);
  CU_ASSERT(distance(n, values(coarse.limit.summary, path), values(fine.limit.summary, path), values(coarse.limit.summary, "diagnostics/bias/of_tolerance")) < 0.4 * truth);
  mdm_outcome_clear(&coarse);
  mdm_outcome_clear(&fine);
}

/* Sample: few particles against 16 times as many. The bias is there, and what the estimate leaves of it is within two standard errors, root mean square. */
static void test_sample(void) {
  static const char *const paths[] = {"observables/rms/u", "observables/rms/a", "observables/train/loss"};
  mdm_outcome few, many;
  run_with(MDM_RUN_LIMIT, 2, PLAIN "solve.particles=600 solve.replicas=160 train.steps=6", &few);
  run_with(MDM_RUN_LIMIT, 2, PLAIN "solve.particles=9600 solve.replicas=10 train.steps=6 solve.bias_check=false", &many);
  for (size_t i = 0; i < COUNT(paths); i++) {
    double at[3], noise = 0, left;
    char name[96];
    size_t n = size_of(&few, paths[i]);
    snprintf(name, sizeof name, "diagnostics/bias/%s", paths[i]);
    const double *s = errors(few.limit.summary, paths[i]), *u = errors(many.limit.summary, paths[i]), *v = errors(few.limit.summary, name);
    found(&few, paths[i], at);
    for (size_t k = 0; k < n; k++) noise += (s[k] * s[k] + u[k] * u[k] + v[k] * v[k]) / (double)n;
    left = distance(n, values(few.limit.summary, paths[i]), values(many.limit.summary, paths[i]), values(few.limit.summary, name));
    CU_ASSERT(left < 2 * sqrt(noise));
    CU_ASSERT(at[0] > 2 * at[1]);
    CU_ASSERT(at[1] < 0.8 * at[2]); /* pairs: the estimate is less noisy than the number itself */
  }
  mdm_outcome_clear(&few);
  mdm_outcome_clear(&many);
}

/* Bound on directions: the estimate for k is the solution for k/2 with the same draws less that for k, and part of the sum. */
static void test_rank(void) {
#define STREAM "data.train=120 train.batch=3 train.steps=20 data.dimension=20 solve.particles=160 solve.replicas=4 solve.rank="
  static const char path[] = "observables/train/prediction";
  mdm_outcome many, few;
  run_with(MDM_RUN_LIMIT, 2, PLAIN STREAM "12", &many);
  run_with(MDM_RUN_LIMIT, 2, PLAIN STREAM "6 solve.bias_check=false", &few);
  size_t n = size_of(&many, path);
  const mdm_record *s = many.limit.summary;
  const double *of_rank = values(s, "diagnostics/bias/of_rank"), *sum = values(s, "diagnostics/bias/observables/train/prediction");
  double zero[200] = {0}, seen = distance(n, of_rank, zero, NULL);
  CU_ASSERT_FATAL(n <= COUNT(zero));
  CU_ASSERT(seen > 1e-3 && *values(s, "diagnostics/bias/fewer") == 1);
  CU_ASSERT(distance(n, values(few.limit.summary, path), values(s, path), of_rank) < 1e-10 * seen);
  const double *of_sample = values(s, "diagnostics/bias/of_sample"), *of_tolerance = values(s, "diagnostics/bias/of_tolerance");
  for (size_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(sum[i], of_sample[i] + of_tolerance[i] + of_rank[i], 1e-12);
  CU_ASSERT_PTR_NULL(mdm_record_find(few.limit.summary, "diagnostics/bias/fewer"));
  mdm_outcome_clear(&many);
  mdm_outcome_clear(&few);
  const result *r = run("solve - -o @/c.h5 -s solve.bias_check=true -s solve.rank=1 -s solve.particles=100 -s solve.replicas=4");
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "solve.rank = 1 has no half"));
}

static void test_threads(void) {
  mdm_outcome one, three;
  run_with(MDM_RUN_LIMIT, 1, PLAIN "solve.particles=100 solve.replicas=4 train.steps=4 model.regime=III", &one);
  run_with(MDM_RUN_LIMIT, 3, PLAIN "solve.particles=100 solve.replicas=4 train.steps=4 model.regime=III", &three);
  CU_ASSERT_EQUAL(mdm_record_count(one.limit.summary), mdm_record_count(three.limit.summary));
  for (size_t i = 0; i < mdm_record_count(one.limit.summary); i++) {
    const mdm_array *a = mdm_record_at(one.limit.summary, i), *b = mdm_record_find(three.limit.summary, a->path);
    size_t n = mdm_elements(a->rank, a->dim) * sizeof *a->value;
    if (strncmp(a->path, "diagnostics/bias/", 17)) continue;
    CU_ASSERT(b && !memcmp(a->value, b->value, n) && !a->error == !b->error && (!a->error || !memcmp(a->error, b->error, n)));
  }
  mdm_outcome_clear(&one);
  mdm_outcome_clear(&three);
}

/* Stops once a second ensemble is at work. */
static volatile sig_atomic_t stopped;
static void report(void *context, const mdm_progress *p) {
  double *last = context;
  if (p->fraction < *last - 0.5) stopped = 1;
  *last = p->fraction;
}

/* All runs are there, and no estimate: the command goes on. */
static void test_stopped(void) {
  double last = 0;
  mdm_config *cfg;
  mdm_data *data = NULL;
  mdm_outcome out;
  mdm_error err;
  mdm_monitor monitor = {.threads = 1, .report = report, .context = &last, .stop = &stopped};
  CU_ASSERT_FATAL(!mdm_config_create(&cfg, NULL) && !mdm_config_set(cfg, "solve.particles=100", NULL) && !mdm_config_set(cfg, "solve.replicas=4", NULL) &&
                  !mdm_config_set(cfg, "train.steps=4", NULL) && !mdm_config_set(cfg, "solve.bias_check=true", NULL) && !mdm_data_load(cfg, &data, NULL));
  CU_ASSERT_EQUAL(mdm_run(cfg, data, MDM_RUN_LIMIT, &monitor, &out, &err), MDM_INTERRUPTED);
  CU_ASSERT(mentions(err.text, "solve.bias_check|goes on"));
  CU_ASSERT(out.limit.runs == 4 && out.limit.status == MDM_OK && !mdm_record_find(out.limit.summary, "diagnostics/bias/halves"));
  CU_ASSERT_FATAL(!mdm_outcome_write(&out, cfg, "solve", "test", NULL, in_folder("a.h5"), NULL));
  CU_ASSERT(mentions(run("info @/a.h5")->out, "interrupted"));
  mdm_outcome_clear(&out);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

#define FEW "-s solve.particles=100 -s solve.replicas=4 -s train.steps=4 "

/* Told after the run and by info; added to a file that lacks it, with the bits of one run; not lost; refused where it says nothing. */
static void test_commands(void) {
  const result *r = run("solve - -o @/a.h5 " FEW "-s solve.bias_check=true");
  CU_ASSERT(r->code == 0 && mentions(r->err, "bias of the train/loss|standard error"));
  CU_ASSERT(mentions(run("info @/a.h5")->out, "Bias of the limit|train predictions"));
  r = run("solve - -o @/a.h5 " FEW);
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "solve.bias_check is true there and false now"));
  CU_ASSERT_EQUAL(run("solve - -q -o @/b.h5 " FEW)->code, 0);
  r = run("solve - -o @/b.h5 " FEW "-s solve.bias_check=true");
  CU_ASSERT(r->code == 0 && mentions(r->err, "holds 4 complete runs|bias of the train/loss"));
  r = run("rerun @/b.h5");
  CU_ASSERT(r->code == 0 && mentions(r->out, "repeated bit for bit"));
  CU_ASSERT(mentions(run("solve - -o @/b.h5 " FEW "-s solve.bias_check=true")->err, "already complete"));
  r = run("solve - -o @/c.h5 -s solve.bias_check=true -s solve.particles=100 -s solve.replicas=2");
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "solve.replicas must be at least 3"));
  r = run("solve - -o @/c.h5 -s solve.bias_check=true -s solve.particles=15 -s solve.replicas=4");
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "solve.particles = 15 has no half"));
  r = run("solve - -o @/c.h5 -s solve.bias_check=true -s model.active_fraction=0.01 -s solve.expert_particles=100 -s solve.replicas=4");
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "solve.expert_particles = 100 has no half"));
  r = run("sweep - -o @/c.h5 -s solve.bias_check=true --over train.lr=1,2 " FEW);
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "solve.bias_check|which a sweep does not") && !exists("c.h5"));
}

/* A bias beyond the standard error is a reason for --strict, and so is one that cannot be estimated: half of the particles are too few. */
static void test_doubts(void) {
  const result *r = run("solve - -o @/a.h5 --strict -s solve.particles=64 -s solve.replicas=60 -s train.steps=6 -s solve.bias_check=true");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "--strict|is biased by|beyond its standard error|raise solve.particles"));
  r = run("solve - -o @/b.h5 --strict -s solve.particles=600 -s solve.replicas=60 -s train.steps=6 -s solve.bias_check=true -s solve.tolerance=0.5");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "--strict|is biased by|lower solve.tolerance"));
  r = run("solve - -o @/d.h5 --strict -s solve.particles=64 -s solve.replicas=6 -s train.steps=1 -s solve.bias_check=true -s model.regime=III -s model.parameterization=mup -s train.optimizer=momentum -s output.kernels=false");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "--strict|is biased by|raise solve.neuron_particles")); /* 32 neurons of an expert, without twins */
  r = run("solve - -o @/c.h5 --strict -s solve.particles=100 -s solve.replicas=3 -s train.steps=2 -s data.train=24 -s solve.bias_check=true");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && mentions(r->err, "there is no solution with half of the particles") && mentions(run("info @/c.h5")->out, "doubt|is not known (solve.bias_check)"));
}

static const test_case tests[] = {
    {"directions: the estimate is the bias", test_tolerance},
    {"sample: the estimate is the bias, within its error", test_sample},
    {"bound on directions: the estimate is the bias", test_rank},
    {"the same bits on any number of threads", test_threads},
    {"stopped: all runs are kept", test_stopped},
    {"told, added, not lost, refused", test_commands},
    {"reasons to doubt", test_doubts},
};

SUITE_IN_FOLDER("run/bias", tests)
