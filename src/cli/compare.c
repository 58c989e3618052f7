/* moedmft compare: the limit, finite networks, and how they deviate from it. */
#include <stdio.h>

#include <moedmft/compare.h>

#include "cli/command.h"
#include "cli/training.h"

static int prepare(const arguments *a, mdm_config *cfg, int *what, mdm_error *err) {
  (void)what;
  return a->given & BIT(EXPECT) ? mdm_comparison_prepare(cfg, err) : MDM_OK;
}

/* What --expect asks for, as MDM_EXPECT_*: the words of its list in their order, or without a list all. */
static int expected(const arguments *a) {
  _Static_assert(MDM_EXPECT_RATE == 1 << 0 && MDM_EXPECT_LIMIT == 1 << 1, "bits of the words rate|limit of --expect");
  if (!(a->given & BIT(EXPECT))) return 0;
  return a->expect ? (int)option_list(OPTION_EXPECT, a->expect) : MDM_EXPECT_RATE | MDM_EXPECT_LIMIT;
}

/* The verdict; whether it is what was expected, for those who ask. */
static int report(const arguments *a, const mdm_outcome *o, mdm_error *err) {
  char line[600];
  int status = mdm_comparison_verdict(o->comparison, expected(a), line, sizeof line, err);
  if (!a->quiet) fprintf(stderr, "moedmft: verdict: %s\n", line);
  return status;
}

static int run(const arguments *a, mdm_error *err) {
  return training_run(a, &(training){.what = MDM_RUN_LIMIT | MDM_RUN_NETWORKS, .prepare = prepare, .report = report}, err);
}

const command compare_command = {
    .name = "compare",
    .input = "CONFIG",
    .output = "FILE.h5",
    .summary = "limit and networks, their deviation and its rate in N",
    .example = "moedmft compare - -o cosine.h5",
    .needs = BIT(OUTPUT),
    .takes = TRAINING_OPTIONS | BIT(STRICT) | BIT(SWEEPS) | BIT(SAVE_WEIGHTS) | BIT(EXPECT),
    .run = run,
};
