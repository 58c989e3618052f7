/* moedmft solve: the limit. */
#include "cli/command.h"
#include "cli/training.h"

static int run(const arguments *a, mdm_error *err) { return training_run(a, &(training){.what = MDM_RUN_LIMIT}, err); }

const command solve_command = {
    .name = "solve",
    .input = "CONFIG",
    .output = "FILE.h5",
    .summary = "the limit (N = infinity)",
    .example = "moedmft solve - -o limit.h5 --set train.lr=0.3",
    .needs = BIT(OUTPUT),
    .takes = TRAINING_OPTIONS | BIT(STRICT) | BIT(SWEEPS),
    .run = run,
};
