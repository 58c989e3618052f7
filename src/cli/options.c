/* moedmft options: every configuration key. */
#include <stdio.h>

#include <moedmft/config.h>

#include "cli/command.h"

static void print_range(const mdm_option *o) {
  const char *kind = o->type == MDM_OPT_REAL ? "real" : o->type == MDM_OPT_INT_LIST ? "integers" : "integer";
  switch (o->type) {
  case MDM_OPT_WORD_LIST:
    printf("list of %s", o->allowed);
    return;
  case MDM_OPT_ENUM:
    printf("%s", o->allowed);
    return;
  case MDM_OPT_BOOL:
    printf("true|false");
    return;
  case MDM_OPT_TEXT:
    printf("text");
    return;
  case MDM_OPT_WORD_INT:
    printf("%s|", o->allowed);
    break;
  default:
    break;
  }
  printf("%s %s %g", kind, o->min_open ? ">" : ">=", o->min);
  if (o->max < 1e9) printf(", <= %g", o->max);
}

static int run(const arguments *a, mdm_error *err) {
  (void)a, (void)err;
  size_t n;
  const mdm_option *o = mdm_options(&n);
  for (size_t i = 0; i < n; i++) {
    printf("%s: %s\n    %s [", o[i].key, *o[i].preset ? o[i].preset : "''", o[i].help);
    print_range(&o[i]);
    printf("]\n");
    if (o[i].applies) printf("    applies when %s\n", o[i].applies);
  }
  return MDM_OK;
}

const command options_command = {
    .name = "options",
    .summary = "every configuration key with its default and range",
    .example = "moedmft options",
    .run = run,
};
