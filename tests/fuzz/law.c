/* Runs in a CSV file, and a formula: the first line is the law, the rest the file. Small tables are fitted as well. */
#include <stdlib.h>
#include <string.h>

#include <moedmft/law.h>

#include "fuzz/support/fuzz.h"

enum { MOST_RUNS = 20 };

static void fit(const mdm_law_runs *runs, const char *law) {
  const mdm_law_options o = {.law = law, .starts = 2, .threads = 1, .resamples = mdm_law_runs_count(runs) % 2 ? 20 : 0, .predict = &law, .predictions = law[0] == 'N'};
  mdm_law_fit *found;
  mdm_error err = {0};
  char *text;
  int status = mdm_law_fit_compute(runs, &o, &found, &err);
  fuzz_judge(status, &err);
  if (status) return;
  if (mdm_law_fit_format(found, "json", &text, &err)) abort();
  free(text);
  if (mdm_law_fit_format(found, "text", &text, &err)) abort();
  free(text);
  mdm_law_fit_free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  const uint8_t *end = n ? memchr(data, '\n', n) : NULL;
  size_t length = end ? (size_t)(end - data) : n;
  char *law = malloc(length + 1); /* length + 1 */
  mdm_law_runs *runs;
  mdm_error err = {0};
  if (!law) return 0;
  memcpy(law, data, length);
  law[length] = '\0';
  int status = mdm_law_runs_read(fuzz_file("csv", data + length + (end != NULL), n - length - (end != NULL)), &runs, &err);
  fuzz_judge(status, &err);
  if (!status && mdm_law_runs_count(runs) <= MOST_RUNS) fit(runs, law);
  mdm_law_runs_free(runs);
  free(law);
  return 0;
}
