/* What the harnesses share (fuzz.h). */
#include "fuzz/support/fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <moedmft/data.h>

static char folder[64], path[4][160];

static void leave(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command) != 0) fprintf(stderr, "fuzz: %s stays\n", folder);
}

const char *fuzz_file(const char *name, const void *bytes, size_t n) {
  static int turn;
  char *to = path[turn = (turn + 1) % 4];
  if (!*folder) {
    strcpy(folder, access("/dev/shm", W_OK) ? "/tmp/moedmft-fuzz-XXXXXX" : "/dev/shm/moedmft-fuzz-XXXXXX");
    if (!mkdtemp(folder)) abort();
    atexit(leave);
  }
  snprintf(to, sizeof path[0], "%s/%s", folder, name);
  if (!bytes) return to;
  FILE *f = fopen(to, "wb");
  if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) abort();
  return to;
}

unsigned fuzz_byte(input *in) { return in->at < in->end ? *in->at++ : 0; }

unsigned fuzz_below(input *in, unsigned n) { return fuzz_byte(in) % n; }

double fuzz_number(input *in) {
  static const double awkward[] = {0, -0.0, 1, -1, 0.5, NAN, INFINITY, -INFINITY, 1e300, -1e300, 5e-324, 2147483648.0, 4294967296.0, 9007199254740993.0, 1e19, -1e19};
  unsigned b = fuzz_byte(in);
  return b < sizeof awkward / sizeof *awkward ? awkward[b] : (double)b - 64;
}

void fuzz_text(input *in, char *to, size_t most) {
  size_t n = fuzz_byte(in), i = 0;
  for (; i < n && i + 1 < most && in->at < in->end; i++) to[i] = (char)*in->at++;
  to[i] = '\0';
}

void fuzz_judge(int status, const mdm_error *err) {
  if (!status) return;
  int known = status > 0 && strcmp(mdm_status_name(status), "unknown status") && status != MDM_ERR_INTERNAL;
  if (known && err->code == status && *err->text) return;
  fprintf(stderr, "fuzz: status %d, explained as %d: %s\n", status, err->code, err->text);
  abort();
}

void fuzz_set(mdm_config *cfg, const char *key, const char *value) {
  mdm_error err = {0};
  char word[256];
  snprintf(word, sizeof word, "%s=%s", key, value);
  if (mdm_config_set(cfg, word, &err)) abort();
}

void fuzz_load(mdm_config *cfg, unsigned chosen, unsigned options) {
  static const char *const option[][2] = {{"data.train", "1"}, {"data.test", "1"}, {"data.classes", "[1, 0]"}, {"data.standardize", "feature"}, {"train.loss", "cross_entropy"},
                                          {"data.targets", "onehot"}, {"data.standardize", "sample"}};
  mdm_data *d;
  mdm_error err = {0};
  for (unsigned i = 0; i < options; i++)
    if (chosen >> i & 1) fuzz_set(cfg, option[i][0], option[i][1]);
  int status = mdm_data_load(cfg, &d, &err);
  fuzz_judge(status, &err);
  if (!status) mdm_data_free(d);
  mdm_config_free(cfg);
}
