/* moedmft simulate: finite networks. */
#include "cli/command.h"
#include "cli/training.h"

static int run(const arguments *a, mdm_error *err) { return training_run(a, &(training){.what = MDM_RUN_NETWORKS}, err); }

const command simulate_command = {
    .name = "simulate",
    .input = "CONFIG",
    .output = "FILE.h5",
    .summary = "finite networks of several widths and seeds",
    .example = "moedmft simulate - -o networks.h5 --set simulate.seeds=8",
    .needs = BIT(OUTPUT),
    .takes = TRAINING_OPTIONS | BIT(SAVE_WEIGHTS),
    .run = run,
};
