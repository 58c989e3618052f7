/* Reasons to doubt a limit beyond its standard errors: each is found where it is, told by itself, and nothing is told where there is none. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <moedmft/config.h>
#include <moedmft/error.h>

#include "run/saturation.h"
#include "base/record.h"
#include "support/arrays.h"
#include "support/folder.h"
#include "support/program.h"
#include "support/runs.h"
#include "support/suite.h"
#include "support/words.h"

static void put(mdm_record *rec, const char *path, double value) {
  double *v;
  CU_ASSERT_FATAL(!mdm_record_add(rec, path, 0, NULL, "", "a number", &v, NULL));
  *v = value;
}

/* A summary without anything to doubt, but for one number. */
static mdm_record *summary(const char *path, double value) {
  static const struct {
    const char *path;
    double value;
  } sound[] = {{"diagnostics/rank_h", 20}, {"diagnostics/rank_rho", 20}, {"diagnostics/rank_delta", 84}, {"diagnostics/particles_stream", 100}, {"diagnostics/particles_expert", 100},
               {"diagnostics/twin_difference", 0.2}, {"diagnostics/orthogonality_loss", 1e-5}, {"diagnostics/skeleton_error_W1_forward", 0.05},
               {"diagnostics/unmatched_stream", 0.9}, {"diagnostics/unmatched_neuron", 0.3}, {"diagnostics/unmatched_shared", 0},
               {"diagnostics/extrapolation_z", 2}, {"diagnostics/extrapolation_bias", 0.02}, {"diagnostics/extrapolation_noise", 0.01}};
  mdm_record *rec;
  double *v;
  CU_ASSERT_FATAL(!mdm_record_create(&rec, NULL));
  for (size_t i = 0; i < COUNT(sound); i++) put(rec, sound[i].path, path && !strcmp(path, sound[i].path) ? value : sound[i].value);
  mdm_array *rho;
  const mdm_array shape = {.path = "observables/rms/rho", .rank = 1, .dim = {3}, .text = "a series"};
  CU_ASSERT_FATAL(!mdm_record_append(rec, &shape, 1, &rho, NULL)); /* errors are 0: of a single run, without them, nothing is told */
  v = rho->value;
  v[0] = path && !strcmp(path, "rho") ? value : 0.01, v[1] = 1, v[2] = 2;
  const mdm_array norm = {.path = "observables/train/gradient_norm", .rank = 1, .dim = {3}, .text = "a series"};
  CU_ASSERT_FATAL(!mdm_record_append(rec, &norm, 1, &rho, NULL));
  rho->value[0] = 2, rho->value[1] = 1, rho->value[2] = path && !strcmp(path, "gradient") ? value : 0.1;
  return rec;
}

/* The doubts, joined. */
static void doubts_of(const char *path, double value, char out[1000]) {
  char line[MDM_DOUBT_SIZE];
  mdm_config *cfg;
  mdm_record *rec = summary(path, value);
  size_t next = 0;
  *out = '\0';
  CU_ASSERT_FATAL(!mdm_config_create(&cfg, NULL));
  for (int n = 0; mdm_doubt(cfg, rec, &next, line, sizeof line); n++) {
    CU_ASSERT(n == 0); /* one each */
    snprintf(out, 1000, "%s", line);
  }
  mdm_record_free(rec);
  mdm_config_free(cfg);
}

static void test_each(void) {
  static const struct {
    const char *path;
    double value;
    const char *words; /* "": nothing is told */
  } cases[] = {{NULL, 0, ""},
               {"diagnostics/rank_rho", 90, "rho visited 90 directions|solve.expert_particles"},
               {"diagnostics/rank_delta", 86, "delta visited 86|solve.particles|, or bound the directions by solve.rank"},
               {"diagnostics/unmatched_stream", 1.5, ""},
               {"diagnostics/twin_difference", 0.5, "sampled as twins"},
               {"diagnostics/orthogonality_loss", 0.01, "lost their orthogonality|solve.precision: double"},
               {"diagnostics/skeleton_error_W1_forward", 0.6, "skeleton of pairs|0.6|W1_forward|solve.pivots"},
               {"gradient", -0.5, "mean square of the gradient is negative|at step 2"},
               {"diagnostics/extrapolation_z", 5, "the smallest of solve.widths|5 standard errors|raise solve.widths"},
               {"diagnostics/extrapolation_bias", 0.1, ""},
               {"rho", -0.05, ""},
               {"rho", -0.5, "mean square of rho is negative|at step 0"}};
  char told[1000];
  for (size_t i = 0; i < COUNT(cases); i++) {
    doubts_of(cases[i].path, cases[i].value, told);
    CU_ASSERT(*cases[i].words ? mentions(told, cases[i].words) : !*told);
  }
}

#define SKEWED "solve - -o @/a.h5 -s solve.particles=64 -s solve.replicas=2 -s train.steps=7 -s solve.tolerance=0.001 -s solve.precision=double -s train.lr=1 "

/* --strict: the same file, and status 7. */
static void test_strict(void) {
  const result *r = run(SKEWED);
  CU_ASSERT_EQUAL(r->code, 0);
  CU_ASSERT(mentions(r->err, "visited|directions"));
  remove(in_folder("a.h5"));
  r = run(SKEWED "--strict");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_NUMERIC);
  CU_ASSERT(last_line_mentions(r->err, "--strict|is written|reason|visited"));
  CU_ASSERT(mentions(run("info @/a.h5")->out, "doubt|visited"));
  r = run(SKEWED "--strict"); /* the file is complete: it is asked */
  CU_ASSERT_EQUAL(r->code, MDM_ERR_NUMERIC);
  CU_ASSERT_EQUAL(run("solve - -q -o @/b.h5 --strict " SMALL "-s solve.particles=2000")->code, 0);
  CU_ASSERT_EQUAL(run("simulate - -q -o @/c.h5 --strict " SMALL)->code, MDM_ERR_USAGE);
}

/* Moments of few particles: the columns that are not matched are counted in the file, and told where they are as many as particles; no reason to doubt. */
static void test_unmatched(void) {
#define FEW "solve - --strict -o @/a.h5 --force -s solve.replicas=2 -s train.steps=20 -s output.kernels=false -s output.statistics=false "
  const result *r = run(FEW "-s solve.particles=100");
  CU_ASSERT(r->code == 0 && mentions(r->err, "matching of moments was given up for 1.|columns for each stream particle (diagnostics/unmatched_stream)|larger solve.particles"));
  r = run(FEW "-s solve.particles=400");
  CU_ASSERT(r->code == 0 && !strstr(r->err, "matching"));
  mdm_outcome few, more, bounded;
  run_with(MDM_RUN_LIMIT, 1, "solve.replicas=1 solve.particles=400 train.steps=20", &few);
  run_with(MDM_RUN_LIMIT, 1, "solve.replicas=1 solve.particles=2000 train.steps=20", &more);
  run_with(MDM_RUN_LIMIT, 1, "solve.replicas=1 solve.particles=100 train.steps=20 solve.rank=8", &bounded); /* forgets: what lives is little */
  double columns = 400 * *values(few.limit.summary, "diagnostics/unmatched_stream");
  CU_ASSERT(columns > 0 && columns < 400 && fabs(columns - round(columns)) < 1e-9);
  CU_ASSERT_EQUAL(*values(more.limit.summary, "diagnostics/unmatched_stream"), 0);
  CU_ASSERT(*values(bounded.limit.summary, "diagnostics/unmatched_stream") < 1);
  mdm_outcome_clear(&few);
  mdm_outcome_clear(&more);
  mdm_outcome_clear(&bounded);
}

/* Networks of two widths: nothing checks their extrapolation. */
static void test_unchecked_series(void) {
#define PAIR "solve - -q --strict -o @/a.h5 --force -s solve.method=networks -s solve.replicas=3 -s train.steps=2 "
  const result *r = run(PAIR "-s solve.widths=[4,8]");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "--strict|no width of solve.widths checks|smaller width"));
  CU_ASSERT_EQUAL(run(PAIR "-s solve.widths=[16,32,64]")->code, 0);
}

/* A response to many samples at the first step: their fields are much the same, and R is told as not determined, with its step and matrix. */
static void test_response(void) {
#define MANY "solve - -o @/a.h5 -q --strict -s solve.particles=500 -s solve.replicas=3 -s train.steps=2 -s output.responses=true -s output.times=[0,2] "
  const result *r = run(MANY "-s data.train=16");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "the response of |/backward at step 0|_action"));
  CU_ASSERT_EQUAL(run(MANY "--force -s data.train=2 -s solve.particles=2000")->code, 0);
}

/* A line in 1/L that does not describe the depths. */
static void test_depths(void) {
  const size_t two = 2;
  double *v;
  mdm_outcome out;
  mdm_config *cfg;
  run_with(MDM_RUN_LIMIT, 1, "solve.particles=200 solve.replicas=3 train.steps=1", &out);
  CU_ASSERT_FATAL(!mdm_config_create(&cfg, NULL) && !mdm_record_create(&out.depths, NULL) && !mdm_record_add(out.depths, "depths/limit/check", 1, &two, "number", "as made up", &v, NULL));
  static const double checks[] = {1, 8, 10}; /* standard errors of three runs, of which 4.5 are two */
  for (int i = 0; i < 3; i++) {
    v[0] = checks[i], v[1] = 12;
    CU_ASSERT_FATAL(!mdm_outcome_write(&out, cfg, "compare", "test", NULL, in_folder("a.h5"), NULL));
    CU_ASSERT_EQUAL(strstr(run("info @/a.h5")->out, "the extrapolation in 1/L does not describe the depths (depths/limit:") != NULL, i == 2);
  }
  mdm_outcome_clear(&out);
  mdm_config_free(cfg);
}

/* A routine that fails is told with its run and step. */
static void test_failures(void) {
  const result *r = run("solve - -q -o @/a.h5 -s solve.particles=60 -s solve.replicas=2 -s train.steps=2 -s data.train=24");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "replica |of the limit, step 0: |directions"));
  r = run("solve - -q --force -o @/few.h5 -t 1 -s data.train=16 -s data.context=2 -s model.depth=1 -s model.blocks=[attention] -s solve.particles=200 -s solve.replicas=1 -s solve.head_particles=1");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "directions|head particles|solve.head_particles"));
}

/* Of a sweep, each cell by its name; nothing is said of others, and the file keeps it. */
static void test_sweep(void) {
#define GRID "sweep - -o @/s.h5 -s solve.particles=64 -s train.steps=7 -s solve.precision=double -s train.lr=1 -s simulate.widths=8 -s simulate.seeds=3 --over solve.tolerance=0.3,0.001 "
  static const char words[] = "--strict|s.h5 is written|in 1 cell (|solve.tolerance = 0.001: |visited";
  const result *r = run(GRID "--strict -s solve.replicas=2");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, words) && mentions(r->err, "doubt: solve.tolerance = 0.001") && !strstr(r->err, "doubt: solve.tolerance = 0.3"));
  r = run(GRID "--strict -s solve.replicas=2"); /* complete */
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, words));
  CU_ASSERT_EQUAL(run(GRID "-q -s solve.replicas=3")->code, 0); /* more runs: what was said stays */
  CU_ASSERT(mentions(run("info @/s.h5")->out, "doubt: solve.tolerance = 0.001: "));
  CU_ASSERT_EQUAL(run(GRID "--strict -q --no-limit -s solve.replicas=2")->code, MDM_ERR_USAGE);
  r = run(GRID "--force -s solve.replicas=2 -s train.steps=12"); /* directions that fill the particles: no limit, strict or not, and not in silence when it is complete */
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "s.h5 is written|in 1 cell N = infinity is none|solve.tolerance = 0.001: the | directions of |this is no limit"));
  CU_ASSERT_EQUAL(run(GRID "-q -s solve.replicas=2 -s train.steps=12")->code, MDM_ERR_NUMERIC);
  CU_ASSERT_EQUAL(run("sweep - -q -o @/t.h5 --strict " SMALL "-s solve.particles=2000 --over train.lr=0.1,0.2")->code, 0);
}

/* Self-consistency sweeps that end before they come to rest. */
static void test_self_consistency(void) {
  const result *r = run("solve - -q -o @/a.h5 --strict -s solve.particles=300 -s solve.replicas=3 -s train.steps=4 --sweeps 2 -s solve.start=lazy");
  CU_ASSERT(r->code == MDM_ERR_NUMERIC && last_line_mentions(r->err, "--strict|did not converge|solve.sweeps"));
}

static const test_case tests[] = {
    {"each reason is told by itself", test_each},
    {"--strict turns them into status 7", test_strict},
    {"moments that are not matched", test_unmatched},
    {"an extrapolation that nothing checks", test_unchecked_series},
    {"responses that are not determined", test_response},
    {"depths that no line describes", test_depths},
    {"failures", test_failures},
    {"cells of a sweep", test_sweep},
    {"self-consistency sweeps", test_self_consistency},
};

SUITE_IN_FOLDER("run/doubts", tests)
