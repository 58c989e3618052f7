/* What results depend on: the configuration and the seed alone. Configurations at the edge of what is allowed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/processor.h"
#include "support/folder.h"
#include "support/program.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/samples.h"
#include "support/suite.h"

#define RUNS                                                                                                           \
  "-q --force -s solve.particles=300 -s solve.replicas=3 -s train.steps=4 -s simulate.widths=[8,16] -s simulate.seeds=5 "

static void test_threads(void) {
  static const char *const commands[] = {"solve", "simulate", "compare"};
  for (int i = 0; i < 3; i++) {
    succeeds("%s - -o @/a.h5 " RUNS "-t 1", commands[i]);
    succeeds("%s - -o @/b.h5 " RUNS "-t 2", commands[i]);
    succeeds("%s - -o @/c.h5 " RUNS "-t 2", commands[i]);
    same_results("a.h5", "b.h5", 1);
    same_results("b.h5", "c.h5", 1);
  }
  static const char *const variants[] = {
      "-s model.active_fraction=0.25 -s model.expert_width=16",
      "-s train.batch=3 -s data.train=9",
      "-s solve.precision=single -s simulate.precision=single -s solve.tolerance=0.02",
      "--save-weights",
      "-s output.responses=true",
      "-s model.regime=I",
      "-s model.regime=III -s solve.particles=1200"};
  for (size_t i = 0; i < COUNT(variants); i++) {
    succeeds("compare - -o @/a.h5 " RUNS "-t 1 %s", variants[i]);
    succeeds("compare - -o @/b.h5 " RUNS "-t 5 %s", variants[i]);
    same_results("a.h5", "b.h5", 1);
  }
}

static void test_output_options(void) {
  static const char *const variants[] = {"-s output.kernels=false", "-s output.every_seed=true", "--save-weights",
                                         "-s simulate.widths=[16,8]"};
  succeeds("compare - -o @/a.h5 " RUNS);
  for (size_t i = 0; i < COUNT(variants); i++) {
    succeeds("compare - -o @/b.h5 " RUNS "%s", variants[i]);
    same_results("a.h5", "b.h5", 0);
  }
  succeeds("solve - -o @/b.h5 " RUNS); /* the limit is the same with networks and without */
  same_results("b.h5", "a.h5", 0);
  succeeds("simulate - -o @/b.h5 " RUNS);
  same_results("b.h5", "a.h5", 0);
}

static void test_overrides(void) {
  size_t compared = 0;
  spit_text("run.yaml", "seed: 5\ntrain: {steps: 2, lr: 0.25}\n");
  succeeds("solve @/run.yaml -o @/a.h5 " RUNS "-s train.steps=1 -s train.steps=3 -s seed=6 --seed 7");
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "seed"), 7);
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "config:train.steps"), 3);
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "config:train.lr"), 0.25);
  ends_after("a.h5", "/", 4);
  succeeds("solve - -o @/b.h5 " RUNS "-s train.steps=3 -s train.lr=0.25 -s seed=7");
  same_results("a.h5", "b.h5", 1);
  succeeds("solve - -o @/b.h5 " RUNS "-s train.steps=3 -s train.lr=0.25 --seed 8");
  CU_ASSERT(differences("a.h5", "b.h5", "/", 0, &compared) > 20);
  succeeds("solve - -o @/b.h5 " RUNS
           "--seed 9.000000000000000000000000000000000000000000000000000000000000000000000000000000");
  CU_ASSERT_EQUAL(attribute("b.h5", "/", "seed"), 9);
}

/* The largest |a − b| of a dataset of two files that run alike, in units of the largest |a|. */
static double distance(const char *a, const char *b, const char *path) {
  mdm_record *one = read_record(a, "/"), *two = read_record(b, "/");
  const mdm_array *x = mdm_record_find(one, path), *y = mdm_record_find(two, path);
  double most = 0, size = 0;
  size_t count = x && y && x->dim[0] == y->dim[0];
  for (int d = 0; count && d < x->rank; d++) count *= x->dim[d];
  for (size_t i = 0; i < count; i++) most = fmax(most, fabs(x->value[i] - y->value[i])), size = fmax(size, fabs(x->value[i]));
  mdm_record_free(one);
  mdm_record_free(two);
  return count ? most / size : INFINITY;
}

/* Without vector code, and with less of it, results agree to rounding, and the files tell them apart. */
static void test_vectors(void) {
  static const char *const variants[] = {"", "-s model.regime=I ", "-s train.optimizer=adam "};
  for (size_t i = 0; i < COUNT(variants); i++) {
    char line[400];
    snprintf(line, sizeof line, "solve - -o @/a.h5 -s solve.precision=double " RUNS "%s", variants[i]);
    run_as(&(start){.vectors = "plain"}, line);
    for (mdm_vectors v = MDM_VECTORS_AVX2; v <= mdm_vectors_supported(); v++) {
      snprintf(line, sizeof line, "solve - -o @/b.h5 -s solve.precision=double " RUNS "%s", variants[i]);
      run_as(&(start){.vectors = mdm_vectors_name(v)}, line);
      CU_ASSERT(distance("a.h5", "b.h5", "observables/train/prediction") < 1e-9);
      CU_ASSERT(distance("a.h5", "b.h5", "observables/train/loss") < 1e-9);
    }
  }
  if (mdm_vectors_supported() == MDM_VECTORS_PLAIN) return;
  run_as(&(start){.vectors = "plain"}, "solve - -q --force -o @/a.h5 " SMALL);
  refused_as(&(start){.vectors = "avx2"}, MDM_ERR_CONFIG, "a.h5|vectors plain|vectors avx2|--force", "solve - -q -o @/a.h5 " SMALL);
}

/* Rows of `few` are rows 0, 3, 6, … and the last of `all`. */
static void every_third(const mdm_array *all, const mdm_array *few, size_t steps) {
  size_t size = all->dim[1] * all->dim[2], rows = steps / 3 + 1 + (steps % 3 != 0);
  CU_ASSERT_FATAL(all->dim[0] == steps + 1 && few->dim[0] == rows);
  for (size_t i = 0; i < rows; i++) {
    size_t t = 3 * i < steps ? 3 * i : steps;
    CU_ASSERT(!memcmp(few->value + size * i, all->value + size * t, size * sizeof(double)));
    CU_ASSERT(!few->error || !memcmp(few->error + size * i, all->error + size * t, size * sizeof(double)));
  }
}

/* output.every thins the train predictions of means; single runs are whole, so that replicas can be added to a file, bit for bit. */
static void test_thinned(void) {
  static const char *const path = "observables/train/prediction";
  succeeds("solve - -o @/all.h5 " RUNS "-s train.steps=7");
  succeeds("solve - -o @/few.h5 " RUNS "-s train.steps=7 -s output.every=3 -s solve.replicas=2");
  succeeds("solve - -q -o @/few.h5 -s solve.particles=300 -s train.steps=7 -s output.every=3 -s solve.replicas=3 -s simulate.widths=[8,16] -s simulate.seeds=5");
  mdm_record *all = read_record("all.h5", "/"), *few = read_record("few.h5", "/"), *single = read_record("few.h5", "/members");
  every_third(mdm_record_find(all, path), mdm_record_find(few, path), 7);
  const mdm_array *step = mdm_record_find(few, "observables/train/prediction_step"), *whole = mdm_record_find(single, path);
  CU_ASSERT_FATAL(step && whole && step->dim[0] == 4);
  CU_ASSERT(step->value[1] == 3 && step->value[3] == 7 && whole->dim[1] == 8);
  CU_ASSERT_PTR_NULL(mdm_record_find(all, "observables/train/prediction_step"));
  mdm_record_free(all);
  mdm_record_free(few);
  mdm_record_free(single);
  succeeds("rerun @/few.h5 -q -o @/again.h5");
  same_results("few.h5", "again.h5", 1);
}

/* Configurations at the edge of what is allowed: they run, and give numbers. */
static void test_edges(void) {
  static const char *const edges[] = {
      "train.steps=0",
      "train.steps=0 -s data.test=3",
      "solve.replicas=1",
      "simulate.seeds=1",
      "solve.replicas=1 -s simulate.seeds=1 -s simulate.widths=8",
      "simulate.widths=1",
      "data.dimension=1",
      "data.train=1",
      "model.experts_ratio=0.1 -s simulate.widths=[10,20]",
      "model.expert_width=1",
      "model.active_fraction=0.125",
      "model.active_fraction=0.5 -s model.gate=constant",
      "solve.tolerance=1",
      "solve.precision=double -s solve.tolerance=1e-6",
      "solve.precision=single -s simulate.precision=single -s solve.tolerance=0.02",
      "train.batch=1",
      "train.batch=4",
      "data.test=3 -s output.every=2",
      "data.test=9 -s output.every=100",
      "data.train=20 -s data.test=5 -s solve.particles=800",
      "train.loss=cross_entropy",
      "train.lr=0",
      "model.readout_std=0 -s model.activation=relu -s model.expert_activation=relu",
      "output.times=[0]",
      "model.init.router=0 -s model.init.expert_in=0 -s model.init.expert_out=0",
      "train.loss_multiplier=1e-300",
      "data.source=hdf5 -s data.file=@/one.h5",
      "data.source=hdf5 -s data.file=@/zero.h5",
      "data.source=hdf5 -s data.file=@/one.h5 -s data.standardize=sample",
      "data.source=hdf5 -s data.file=@/ten.h5 -s train.loss=cross_entropy -s data.test=2 -s solve.particles=800"};
  write_one_integer_sample("one.h5");
  write_samples("zero.h5", 4, 5, 4, 0, 0, 1);
  write_samples("ten.h5", 12, 5, 12, 10, 1, 1);
  for (size_t i = 0; i < COUNT(edges); i++) {
    succeeds("compare - -q --force -t 2 -o @/e.h5 " SMALL "-s %s", edges[i]);
    int good = all_finite("e.h5", "/") && isnan(attribute("e.h5", "/", "diverged_at_step"));
    if (!good) printf("\n    not finite: %s\n", edges[i]);
    CU_ASSERT(good);
  }
}

static const test_case tests[] = {
    {"same bits for any number of threads", test_threads},
    {"same bits for any output options", test_output_options},
    {"output.every thins train predictions", test_thinned},
    {"overrides and seeds", test_overrides},
    {"the same to rounding with any vector instructions", test_vectors},
    {"edges of the allowed", test_edges},
};

SUITE_IN_FOLDER("cli/results", tests)
