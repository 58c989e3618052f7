/* Progress on standard error: one line that renews itself on a terminal, plain lines now and then elsewhere. */
#ifndef MOEDMFT_CLI_PROGRESS_H
#define MOEDMFT_CLI_PROGRESS_H

#include <moedmft/run.h>

typedef struct progress {
  int terminal;        /* standard error is one */
  double start, last;  /* seconds */
  double last_fraction;
  int open;            /* a line is on the terminal and wants an end */
} progress;

void progress_start(progress *p);
void progress_report(void *context, const mdm_progress *event); /* as mdm_monitor.report */
void progress_message(void *context, const char *line);         /* as mdm_monitor.message */
void progress_end(progress *p);

#endif
