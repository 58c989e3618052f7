/* Command lines that are refused. */
#include "support/refusals.h"

#include <stdio.h>
#include <string.h>

#include "support/folder.h"
#include "support/words.h"

static const char keepsake[] = "an earlier result";

void keep_earlier(void) { spit_text("earlier.h5", keepsake); }

int is_untouched(void) {
  char text[64];
  slurp("earlier.h5", text, sizeof text);
  return strcmp(text, keepsake) == 0;
}

void refused_as(const start *how, int code, const char *words, const char *line) {
  char names[600] = "", what[900];
  keep_earlier();
  int before = entries(NULL, 0);
  const result *r = run_as(how, line);
  snprintf(what, sizeof what, "expected exit %d", code);
  check(r->code == code, what, line, r);
  check(is_one_line(r->err), "expected one line", line, r);
  snprintf(what, sizeof what, "expected to hear of: %s", words);
  check(mentions(r->err, words), what, line, r);
  int after = entries(names, sizeof names);
  snprintf(what, sizeof what, "files were left:%s", names);
  check(after == before, what, line, r);
  check(is_untouched(), "the earlier file was touched", line, r);
}

void refused(int code, const char *prefix, const refusal *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char line[8000];
    snprintf(line, sizeof line, "%s%s", prefix, list[i].line);
    refused_as(&(start){0}, code, list[i].words, line);
  }
}
