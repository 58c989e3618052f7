/* Lists in messages. */
#include "cli/words.h"

#include <stdio.h>

void words_join(const char *const *word, size_t n, const char *last, char *out, size_t size) {
  size_t used = 0;
  *out = '\0';
  for (size_t i = 0; i < n && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s%s", !i ? "" : i + 1 == n ? last : ", ", word[i]);
}
