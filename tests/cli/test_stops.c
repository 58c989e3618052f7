/* Runs that end early, by divergence or a signal: what they keep, and how the same command goes on. */
#include <signal.h>
#include <string.h>

#include <moedmft/error.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/words.h"

static void test_divergence(void) {
  const result *r = run("compare - -q -o @/d.h5 " SMALL "-s train.lr=1e6");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_DIVERGED);
  CU_ASSERT(is_one_line(r->err) && mentions(r->err, "diverged at step|lower train.lr"));
  const char *const groups[] = {"/", "/width_8", "/width_16"};
  for (int i = 0; i < 3; i++) {
    double step = attribute("d.h5", groups[i], "diverged_at_step");
    CU_ASSERT(step >= 1 && step <= 3);
    ends_after("d.h5", groups[i], step);
  }
  CU_ASSERT_EQUAL(run("simulate - -q -o @/d.h5 " SMALL "-s train.lr=1e308")->code, MDM_ERR_DIVERGED);
  CU_ASSERT(attribute("d.h5", "/width_8", "diverged_at_step") >= 1);
  CU_ASSERT_EQUAL(run("solve - -q -o @/d.h5 " SMALL "-s train.lr=1e308")->code, MDM_ERR_DIVERGED);
  CU_ASSERT(attribute("d.h5", "/", "diverged_at_step") >= 1);
  CU_ASSERT_EQUAL(run("info @/d.h5")->code, 0);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
}

/* What may be the reason is named: inputs and targets far from 1, few active experts; and nothing else. */
/* Of a residual stack, whose networks end at other steps than the limit: all that was computed is there. */
static void test_divergence_of_stacks(void) {
  const result *r = run("compare - -q -o @/d.h5 -t 1 -s model.depth=2 -s model.norm=rms -s solve.particles=300 -s solve.replicas=3 -s simulate.widths=[8,16] -s simulate.seeds=4 -s train.steps=12 -s train.lr=3");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_DIVERGED);
  double step = attribute("d.h5", "/width_16", "diverged_at_step");
  CU_ASSERT(step >= 1 && isnan(attribute("d.h5", "/", "diverged_at_step")) && isnan(attribute("d.h5", "/width_8", "diverged_at_step")));
  mdm_record *rec = read_record("d.h5", "/width_16");
  CU_ASSERT_EQUAL(mdm_record_find(rec, "observables/rms/h")->dim[1], (size_t)step);
  mdm_record_free(rec);
  rec = read_record("d.h5", "/");
  CU_ASSERT_EQUAL(mdm_record_find(rec, "observables/rms/h")->dim[1], 13);
  mdm_record_free(rec);
  rec = read_record("d.h5", "/comparison");
  CU_ASSERT(isfinite(mdm_record_find(rec, "each/rms/h/deviation")->value[1]));
  mdm_record_free(rec);
}

static void test_divergence_advice(void) {
#define DIVERGES "solve - -q -o @/d.h5 " SMALL "-s train.lr=1e3 "
  write_samples("large.h5", 7, 5, 7, 0, 40, 3);
  const result *r = run(DIVERGES);
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && mentions(r->err, "lower train.lr") && !strstr(r->err, "lower train.lr;"));
  r = run(DIVERGES "-s data.source=hdf5 -s data.file=@/large.h5");
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && mentions(r->err, "inputs have a mean square of|data.standardize") && !strstr(r->err, "targets have"));
  r = run(DIVERGES "-s data.source=hdf5 -s data.file=@/large.h5 -s data.standardize=global");
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && !strstr(r->err, "data.standardize"));
  write_samples("targets.h5", 7, 5, 7, 0, 1, 1e3);
  r = run(DIVERGES "-s data.source=hdf5 -s data.file=@/targets.h5");
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && mentions(r->err, "targets have a mean square of 1.43e+05") && !strstr(r->err, "inputs have"));
  r = run(DIVERGES "-s model.active_fraction=0.125");
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && is_one_line(r->err) && mentions(r->err, "K/M = 0.125|between 0.35 and 0.12|docs/faq.md"));
  r = run(DIVERGES "-s model.active_fraction=0.5");
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && !strstr(r->err, "K/M"));
#undef DIVERGES
}

static void test_interrupted(void) {
  const result *r = run_and_stop("solve - -t 2 -o @/i.h5 " SMALL "-s train.steps=50000", SIGINT, 800);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  CU_ASSERT(last_line_mentions(r->err, "interrupted: stopped|kept"));
  double step = attribute("i.h5", "/", "interrupted_at_step");
  CU_ASSERT(step >= 1 && step < 50001);
  ends_after("i.h5", "/", step);

  r = run_and_stop("simulate - --force -t 2 -o @/i.h5 " SMALL "-s train.steps=50000 -s model.expert_width=60", SIGTERM, 500);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  const char *const groups[] = {"/width_8", "/width_16"};
  double runs = 0;
  for (int i = 0; i < 2; i++) {
    step = attribute("i.h5", groups[i], "interrupted_at_step");
    CU_ASSERT(step >= 0 && step < 50001);
    if (attribute("i.h5", groups[i], "runs") > 0) ends_after("i.h5", groups[i], step);
    runs += attribute("i.h5", groups[i], "runs");
  }
  CU_ASSERT(runs >= 1);
  CU_ASSERT_EQUAL(run("info @/i.h5")->code, 0);
  CU_ASSERT_EQUAL(entries(NULL, 0), 2); /* with the runs in progress */
}

/* Stopped in the middle, by a user, a system or a scheduler, the same command goes on with the runs that are missing and ends with the
 * same numbers; another configuration would lose them. */
static void test_goes_on(void) {
#define MANY "-t 2 -s solve.particles=200 -s solve.replicas=4 -s train.steps=100 -s simulate.widths=[8,32] -s simulate.seeds=300 -s output.kernels=false "
  static const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
  for (size_t i = 0; i < COUNT(signals); i++) {
    const result *r = run_and_stop("compare - --force -o @/part.h5 " MANY, signals[i], 400);
    CU_ASSERT(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped|goes on"));
  }
  CU_ASSERT_EQUAL(run("info @/part.h5")->code, 0);
  refused_as(&(start){0}, MDM_ERR_CONFIG, "part.h5 holds another run|train.lr is 0.5 there and 0.25 now|--force", "compare - -q -o @/part.h5 -s train.lr=0.25 " MANY);
  const result *r = run("compare - -o @/part.h5 " MANY);
  CU_ASSERT(r->code == 0 && mentions(r->err, "going on from|complete runs|300 seeds"));
  succeeds("compare - -q -o @/whole.h5 " MANY);
  same_results("part.h5", "whole.h5", 1);
#undef MANY
}

/* Stopped while the first network draws its weights: there is nothing to keep but the earlier file. */
static void test_interrupted_early(void) {
  keep_earlier();
  const result *r = run_and_stop("simulate - --force -o @/earlier.h5 -s simulate.widths=1500 -s simulate.seeds=1", SIGINT, 0);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  CU_ASSERT(last_line_mentions(r->err, "interrupted: stopped before the first step|no file was written"));
  CU_ASSERT(is_untouched());
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
}

static const test_case tests[] = {
    {"divergence keeps the steps before", test_divergence},
    {"divergence of residual stacks at other steps than the limit's", test_divergence_of_stacks},
    {"divergence names its likely reason", test_divergence_advice},
    {"signals keep the steps before", test_interrupted},
    {"a signal before the first step", test_interrupted_early},
    {"the same command goes on", test_goes_on},
};

SUITE_IN_FOLDER("cli/stops", tests)
