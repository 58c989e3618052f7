/* Replays files, and all files of folders, through a harness: HARNESS FILE…. An input that takes longer than 20 seconds ends it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/support/fuzz.h"

enum { MOST = 1 << 20, SECONDS = 20 };
static size_t replayed;

static void replay(const char *name) {
  static char bytes[MOST];
  FILE *f = fopen(name, "rb");
  if (!f) {
    fprintf(stderr, "replay: cannot read %s\n", name);
    exit(1);
  }
  size_t n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  fprintf(stderr, "%s\n", name); /* the last line names what crashed */
  uint8_t *copy = malloc(n ? n : 1); /* n: of just this size, so that valgrind and ASan see its end */
  if (!copy) abort();
  memcpy(copy, bytes, n);
  alarm(SECONDS);
  LLVMFuzzerTestOneInput(copy, n);
  alarm(0);
  free(copy);
  replayed++;
}

static void replay_folder(const char *name) {
  struct dirent **list;
  int n = scandir(name, &list, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", name, list[i]->d_name);
    if (list[i]->d_name[0] != '.') replay(path);
    free(list[i]);
  }
  if (n < 0) replay(name);
  else free(list);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) replay_folder(argv[i]);
  printf("%s: %zu inputs\n", argv[0], replayed);
  return replayed == 0;
}
