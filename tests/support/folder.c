/* The temporary folder of a suite. */
#include "support/folder.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char folder[256];
static int left_behind; /* number of tests that left an unfinished file */

const char *in_folder(const char *name) {
  static char path[4][600];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

/* The next name but "." and "..", NULL at the end. */
static const char *next_name(DIR *d) {
  struct dirent *e;
  do e = d ? readdir(d) : NULL;
  while (e && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")));
  return e ? e->d_name : NULL;
}

int entries(char *names, size_t size) {
  int n = 0;
  size_t used = 0;
  DIR *d = opendir(folder);
  for (const char *name; (name = next_name(d)); n++)
    if (used < size) used += (size_t)snprintf(names + used, size - used, " %s", name);
  if (d) closedir(d);
  return n;
}

/* Files of a folder in it; there are none below. */
static void clear_folder(const char *name) {
  char path[900];
  DIR *d = opendir(in_folder(name));
  for (const char *inner; (inner = next_name(d));) {
    snprintf(path, sizeof path, "%s/%s", in_folder(name), inner);
    remove(path);
  }
  if (d) closedir(d);
}

void clear(void) {
  DIR *d = opendir(folder);
  for (const char *name; (name = next_name(d));) {
    clear_folder(name);
    remove(in_folder(name));
  }
  if (d) closedir(d);
}

int exists(const char *name) { return access(in_folder(name), F_OK) == 0; }

void spit(const char *name, const void *bytes, size_t n) {
  FILE *f = fopen(in_folder(name), "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fwrite(bytes, 1, n, f);
  fclose(f);
}

void spit_text(const char *name, const char *text) { spit(name, text, strlen(text)); }

size_t slurp(const char *name, char *to, size_t size) {
  FILE *f = fopen(in_folder(name), "rb");
  size_t n = f ? fread(to, 1, size - 1, f) : 0;
  if (f) fclose(f);
  to[n] = '\0';
  return n;
}

int holds(const char *name, const char *bytes, size_t n) {
  char start[64];
  return n < sizeof start && slurp(name, start, n + 1) == n && memcmp(start, bytes, n) == 0;
}

int make_folder(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/moedmft-test-XXXXXX", base && *base ? base : "/tmp");
  left_behind = 0;
  return mkdtemp(folder) == NULL;
}

/* src/file/write.c writes to NAME.tmp.NUMBER, which takes the place of NAME when it is complete. */
void end_of_test(void) {
  char names[2000] = "";
  entries(names, sizeof names);
  if (strstr(names, ".tmp.")) {
    printf("\n    unfinished files were left:%s\n", names);
    left_behind++;
  }
  clear();
}

int remove_folder(void) {
  clear();
  return rmdir(folder) || left_behind;
}
