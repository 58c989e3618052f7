/* Memory streams, and padding. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

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

void mdm_path_tidy(char *path) {
  char *root = path + (*path == '/'), *to = root, *floor = root; /* floor: behind the leading "..", which nothing takes out */
  if (!*path) return;
  for (const char *from = root, *next; *from; from = next) {
    size_t n = strcspn(from, "/");
    int up = n == 2 && !strncmp(from, "..", 2), here = n == 0 || (n == 1 && *from == '.');
    next = from + n + (from[n] == '/');
    if (up && to > floor) {
      while (to > floor && to[-1] != '/') to--;
      if (to > floor) to--;
    } else if (!here && !(up && root > path)) {
      if (to > root) *to++ = '/';
      memmove(to, from, n);
      to += n;
      if (up) floor = to;
    }
  }
  if (to == path) *to++ = '.';
  *to = '\0';
}
