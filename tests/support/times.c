/* Times of tests (times.h). */
#include "support/times.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST = 2000 };

typedef struct {
  const char *suite, *test;
  double processor, clock; /* s */
} entry;

static entry list[MOST];
static size_t n;
static double processor, wall;

static double seconds(struct timeval t) { return (double)t.tv_sec + 1e-6 * (double)t.tv_usec; }

static double processor_now(void) {
  struct rusage self, children;
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  return seconds(self.ru_utime) + seconds(self.ru_stime) + seconds(children.ru_utime) + seconds(children.ru_stime);
}

static double clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void time_start(void) { processor = processor_now(), wall = clock_now(); }

void time_stop(const char *suite, const char *test) {
  if (n < MOST) list[n++] = (entry){suite, test, processor_now() - processor, clock_now() - wall};
}

static int by_processor(const void *a, const void *b) {
  double x = ((const entry *)a)->processor, y = ((const entry *)b)->processor;
  return (x < y) - (x > y);
}

void time_report(int most) {
  double all = 0, on_clock = 0;
  for (size_t i = 0; i < n; i++) all += list[i].processor, on_clock += list[i].clock;
  qsort(list, n, sizeof *list, by_processor);
  printf("\nprocessor s   clock s\n");
  for (size_t i = 0; i < n && (int)i < most; i++) printf("%11.2f %9.2f   %s: %s\n", list[i].processor, list[i].clock, list[i].suite, list[i].test);
  printf("%11.2f %9.2f   all %zu tests\n", all, on_clock, n);
}
