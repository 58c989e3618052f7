/* The progress line. */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_start(progress *p) {
  *p = (progress){.terminal = isatty(STDERR_FILENO), .start = now()};
  p->last = p->start;
}

static void format_time(double seconds, char out[32]) {
  long s = (long)(seconds + 0.5);
  if (s < 60) snprintf(out, 32, "%lds", s);
  else if (s < 3600) snprintf(out, 32, "%ldm%02lds", s / 60, s % 60);
  else snprintf(out, 32, "%ldh%02ldm", s / 3600 % 1000, s / 60 % 60);
}

/* A terminal sees ten renewals a second; a log sees a line every tenth of the work, at most one a second. */
static int due(const progress *p, double t, double fraction) {
  if (p->terminal) return t - p->last >= 0.1;
  return fraction - p->last_fraction >= 0.1 && t - p->last >= 1;
}

void progress_report(void *context, const mdm_progress *e) {
  progress *p = context;
  double t = now();
  if (!due(p, t, e->fraction)) return;
  char spent[32], left[32] = "?";
  double rate = e->fraction / (t - p->start);
  format_time(t - p->start, spent);
  if (rate > 0) format_time((1 - e->fraction) / rate, left);
  fprintf(stderr, "%s%5.1f%%  %s elapsed, %s left  %s step %zu/%zu loss %.4g%s", p->terminal ? "\r\033[K" : "", 100 * e->fraction, spent,
          left, e->task, e->step, e->steps, e->loss, p->terminal ? "" : "\n");
  fflush(stderr);
  p->open = p->terminal;
  p->last = t;
  p->last_fraction = e->fraction;
}

void progress_message(void *context, const char *line) {
  progress_end(context);
  fprintf(stderr, "  %s\n", line);
}

void progress_end(progress *p) {
  if (p->open) fprintf(stderr, "\r\033[K");
  p->open = 0;
}
