/* The memory that is announced: against what runs take, by size, and that finding it changes nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "support/program.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/words.h"

/* Announced over measured peak; docs/engineering.md has the ratios of all kinds of runs. */
static const double LEAST = 0.85, MOST = 1.45;

static double announced(const result *r) {
  const char *at = strstr(r->err, "about ");
  return at ? 1e9 * strtod(at + 6, NULL) : NAN;
}

#define SOME "-t 1 --force -o @/memory.h5 -s data.train=16 -s train.lr=0.3 -s train.steps=12 -s solve.replicas=2 -s simulate.seeds=2 "
#define DEEP "-s model.norm=rms -s model.output=norm -s model.depth="

/* Runs that are large beside the program and small beside the machine. */
static void as_announced(void) {
  static const char *const lines[] = {
      "solve - " SOME "-s solve.particles=8000",
      "solve - " SOME "-s solve.particles=5000 -s solve.precision=double",
      "solve - " SOME "-s solve.particles=6000 -s train.optimizer=momentum",
      "solve - " SOME "-s solve.particles=1500 " DEEP "4",
      "solve - " SOME "-s solve.particles=3000 -s model.active_fraction=0.25 -s data.train=24",
      "simulate - " SOME "-s simulate.widths=[512]",
      "simulate - " SOME "-s simulate.widths=[256] --save-weights -s simulate.seeds=4",
      "simulate - " SOME "-s simulate.widths=[256] -s train.optimizer=adam -s train.lr=0.05 " DEEP "4",
      "solve - " SOME "-s solve.particles=1500 -s train.steps=8 -s data.context=8 -s model.blocks=[attention,moe] -s model.head_width=8 -s model.expert_width=2 " DEEP "2",
      "solve - " SOME "-s solve.particles=5000 -s data.context=4 -s model.regime=I -s model.blocks=[attention] -s model.attention_scale=full " DEEP "1",
      "solve - -t 1 --force -o @/memory.h5 -s data.train=520 -s data.dimension=8 -s solve.particles=2400 -s train.steps=1 -s solve.replicas=1 -s output.kernels=false", /* no pilot fits */
      "coordcheck - " SOME "-s simulate.widths=[128,256] -s solve.particles=4000 -s model.parameterization=mssp",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    const result *r = run("%s", lines[i]);
    double ratio = announced(r) / r->peak;
    check(r->code == 0 && ratio >= LEAST && ratio <= MOST, "expected the announced memory", lines[i], r);
    if (!(ratio >= LEAST && ratio <= MOST)) printf("    announced %.3g, measured %.3g bytes\n", announced(r), r->peak);
  }
}

static double estimate(const char *format, const char *settings) {
  char words[400];
  mdm_data *data = NULL;
  mdm_error err;
  snprintf(words, sizeof words, format, settings);
  mdm_config *cfg = configure(words);
  CU_ASSERT_FATAL(!mdm_data_load(cfg, &data, &err));
  double bytes = mdm_memory_estimate(cfg, data, MDM_RUN_LIMIT | MDM_RUN_NETWORKS, &(mdm_monitor){.threads = 1});
  mdm_data_free(data);
  mdm_config_free(cfg);
  return bytes;
}

/* What a block adds does not depend on how many there are. */
static void linear_in_depth(void) {
  const char *at = "model.norm=rms solve.particles=2000 solve.replicas=1 simulate.widths=[64] simulate.seeds=1 output.kernels=false train.steps=4 model.depth=%s";
  double L2 = estimate(at, "2"), L4 = estimate(at, "4"), L8 = estimate(at, "8"), block = (L8 - L4) / 4;
  CU_ASSERT(block > 0.05 * L8);
  CU_ASSERT_DOUBLE_EQUAL((L4 - L2) / 2, block, 0.2 * block);
}

/* But for the seconds that it took. */
static int same_record(const mdm_record *a, const mdm_record *b) {
  int same = mdm_record_count(a) == mdm_record_count(b);
  for (size_t i = 0; i < mdm_record_count(a) && same; i++) {
    const mdm_array *x = mdm_record_at(a, i), *y = mdm_record_at(b, i);
    if (!strcmp(x->path, "diagnostics/seconds")) continue;
    same = !strcmp(x->path, y->path) && !memcmp(x->value, y->value, mdm_elements(x->rank, x->dim) * sizeof *x->value);
  }
  return same;
}

/* A run after an estimate is the same, bit for bit. */
static void changes_nothing(void) {
  const char *words = "solve.particles=600 solve.replicas=2 train.steps=8";
  mdm_outcome out[2];
  run_with(MDM_RUN_LIMIT, 1, words, &out[0]);
  CU_ASSERT(estimate("%s", words) > 0);
  run_with(MDM_RUN_LIMIT, 1, words, &out[1]);
  CU_ASSERT(same_record(out[0].limit.summary, out[1].limit.summary));
  for (int i = 0; i < 2; i++) mdm_outcome_clear(&out[i]);
}

/* Beyond the machine: one line that says what to lower, at once, and no file. */
static void refused_before_work(void) {
  static const char *const lines[] = {
      "solve - -q -t 1 -o @/none.h5 -s solve.particles=100000000",
      "solve - -q -t 1 -o @/none.h5 -s model.depth=4000 -s solve.particles=1000000 -s model.norm=rms",
      "simulate - -q -t 1 -o @/none.h5 -s simulate.widths=[20000] -s model.depth=200",
      "simulate - -q -t 1 -o @/none.h5 -s simulate.widths=[4000] -s simulate.seeds=4000 --save-weights",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    const result *r = run("%s", lines[i]);
    check(r->code == MDM_ERR_MEMORY && is_one_line(r->err) && mentions(r->err, "GB of memory needed|lower|solve.particles"), "expected a refusal", lines[i], r);
    check(r->peak < 1e9, "expected no work", lines[i], r);
  }
}

static const test_case tests[] = {
    {"runs take what is announced", as_announced},
    {"linear in depth", linear_in_depth},
    {"estimates change nothing", changes_nothing},
    {"runs beyond the machine are refused before work", refused_before_work},
};

SUITE_IN_FOLDER("run/memory", tests)
