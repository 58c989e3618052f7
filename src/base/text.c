/* Memory streams, and padding. */
#include "base/text.h"

#include <stdlib.h>

#include "base/memory.h"

static int out_of_memory(const mdm_text *t, mdm_error *err) { return mdm_no_memory(err, "%s", t->what); }

int mdm_text_open(mdm_text *t, const char *what, mdm_error *err) {
  *t = (mdm_text){.what = what};
  t->stream = open_memstream(&t->text, &t->size);
  return t->stream ? MDM_OK : out_of_memory(t, err);
}

int mdm_text_close(mdm_text *t, char **out, mdm_error *err) {
  int failed = fclose(t->stream) != 0;
  if (failed) free(t->text);
  *out = failed ? NULL : t->text;
  return failed ? out_of_memory(t, err) : MDM_OK;
}

int mdm_text_columns(const char *text) {
  int n = 0;
  for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
  return n;
}

void mdm_print_padded(FILE *out, const char *text, int width) {
  int fill = width - mdm_text_columns(text);
  fprintf(out, "%s%*s", text, fill > 1 ? fill : 1, "");
}
