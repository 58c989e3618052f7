/* moedmft plot: a picture of a file. */
#include <stdio.h>

#include <moedmft/plot.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/signals.h"

static int run(const arguments *a, mdm_error *err) {
  signals_ignore();
  signals_catch(1); /* a picture takes a second: it is finished rather than left half drawn */
  int status = output_check_folder(a->output, err);
  if (!status) status = mdm_plot_what(a->input, a->output, a->what, a->field, a->given & BIT(BLOCK) ? &a->block : NULL, err);
  if (!status && !a->quiet) fprintf(stderr, "moedmft: wrote %s\n", a->output);
  return status;
}

const command plot_command = {
    .name = "plot",
    .input = "FILE.h5",
    .output = "FILE.png|svg|pdf",
    .summary = "a picture of loss curves or what --what names",
    .example = "moedmft plot cosine.h5 -o cosine.png",
    .needs = BIT(OUTPUT),
    .takes = BIT(WHAT) | BIT(FIELD) | BIT(BLOCK) | BIT(QUIET),
    .run = run,
};
