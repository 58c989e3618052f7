/* A command line, one word a line: --set, --over, --seed, --sweeps and all others. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <moedmft/config.h>

#include "cli/arguments.h"
#include "config/grid.h"
#include "fuzz/support/fuzz.h"

enum { WORDS = 64 };

static void apply(const arguments *a) {
  mdm_config *cfg;
  mdm_error err = {0};
  mdm_grid grid;
  if (mdm_config_create(&cfg, &err)) abort();
  for (size_t i = 0; i < a->set.count; i++) fuzz_judge(mdm_config_set(cfg, a->set.word[i], &err), &err);
  int status = mdm_grid_read(cfg, a->over.word, a->over.count, &grid, &err);
  fuzz_judge(status, &err);
  if (!status) mdm_grid_clear(&grid);
  fuzz_judge(mdm_config_check(cfg, a->over.word, a->over.count, &err), &err);
  mdm_config_free(cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  char *text = malloc(n + 1), *argv[WORDS + 2] = {(char *)"moedmft"}; /* text: n + 1 */
  int argc = 1;
  arguments a = {0};
  mdm_error err = {0};
  if (!text) return 0;
  memcpy(text, data, n);
  text[n] = '\0';
  for (char *at = text; argc <= WORDS && at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) argv[argc++] = at;
  for (char *c = text; *c; c++)
    if (*c == '\n') *c = '\0';
  optind = 0; /* from the start again (glibc) */
  int status = arguments_read(argc, argv, &a, &err);
  fuzz_judge(status, &err);
  if (!status) apply(&a);
  arguments_free(&a);
  free(text);
  return 0;
}
