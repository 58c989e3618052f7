/* moedmft coordcheck: the parts of every layer's output, and how they scale with width and depth. */
#include <moedmft/coordcheck.h>
#include <moedmft/report.h>
#include <stddef.h>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/training.h"

static int prepare(const arguments *a, mdm_config *cfg, int *what, mdm_error *err) {
  (void)a;
  return mdm_coordcheck_prepare(cfg, what, err);
}

/* The table on standard output; whether it is as predicted, for those who ask. */
static int report(const arguments *a, const mdm_outcome *o, mdm_error *err) {
  char *text = NULL;
  if (!o->coordcheck) return MDM_OK;
  int status = a->quiet ? MDM_OK : mdm_coordcheck_format(o->coordcheck, &text, err);
  status = answer_print(status, text);
  text = NULL;
  if (!status && o->depths && !a->quiet) {
    status = mdm_depth_parts_format(o->depths, &text, err);
    status = answer_print(status, text);
  }
  if (status || !(a->given & BIT(EXPECT))) return status;
  status = mdm_coordcheck_expect(o->coordcheck, err);
  return status || !o->depths ? status : mdm_depth_parts_expect(o->depths, err);
}

static int run(const arguments *a, mdm_error *err) {
  return training_run(a, &(training){MDM_RUN_LIMIT | MDM_RUN_NETWORKS, prepare, mdm_coordcheck_fit, report}, err);
}

const command coordcheck_command = {
    .name = "coordcheck",
    .input = "CONFIG",
    .output = "FILE.h5",
    .summary = "effective and propagating updates of every layer, and how they scale with width and depth",
    .example = "moedmft coordcheck - -o check.h5 --set model.parameterization=mup",
    .needs = BIT(OUTPUT),
    .takes = TRAINING_OPTIONS | BIT(STRICT) | BIT(SWEEPS) | BIT(SAVE_WEIGHTS) | BIT(EXPECT),
    .bare = BIT(EXPECT),
    .run = run,
};
