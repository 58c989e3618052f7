/* moedmft info: what a file holds. */
#include <stddef.h>

#include <moedmft/report.h>

#include "cli/answer.h"
#include "cli/command.h"

static int run(const arguments *a, mdm_error *err) {
  char *text = NULL;
  int status = mdm_file_info(a->input, a->datasets, &text, err);
  return answer_print(status, text);
}

const command info_command = {
    .name = "info",
    .input = "FILE.h5",
    .summary = "what a file holds",
    .example = "moedmft info cosine.h5",
    .takes = BIT(DATASETS),
    .run = run,
};
