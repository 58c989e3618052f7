/* Sweeps of options, in memory and in files. */
#include "support/sweeps.h"

#include <CUnit/CUnit.h>
#include <moedmft/moedmft.h>
#include <stdio.h>
#include <string.h>

#include "base/flag.h"
#include "support/folder.h"
#include "support/settings.h"

int try_sweep(const char *settings, const char *axes, int with_limit, mdm_sweep **out, mdm_error *err) {
  char copy[1024];
  const char *over[8];
  size_t n = 0;
  mdm_config *cfg = configure(settings);
  snprintf(copy, sizeof copy, "%s", axes);
  for (char *rest = copy, *word; (word = strtok_r(rest, " ", &rest));) over[n++] = word;
  int status = mdm_sweep_create(cfg, over, n, with_limit, MDM_MEASURE_AUTO, out, err);
  mdm_config_free(cfg);
  return status;
}

mdm_sweep *create_sweep(const char *settings, const char *axes, int with_limit) {
  mdm_sweep *s;
  mdm_error err = {0};
  if (try_sweep(settings, axes, with_limit, &s, &err)) printf("\n    %s\n", err.text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(s);
  return s;
}

int run_sweep(mdm_sweep *s, const mdm_monitor *monitor, const char *name) {
  mdm_error err = {0};
  double bytes;
  int status = mdm_sweep_resume(s, in_folder(name), &err);
  if (!status) status = mdm_sweep_prepare(s, 1, &bytes, &err);
  if (!status) status = mdm_sweep_run(s, monitor, in_folder(name), "test", &err);
  if (status && status != MDM_INTERRUPTED) printf("\n    %s\n", err.text);
  return status;
}

mdm_sweep *computed_sweep(const char *settings, const char *axes, int with_limit, int threads, const char *name) {
  mdm_sweep *s = create_sweep(settings, axes, with_limit), *back = NULL;
  mdm_monitor monitor = {.threads = threads};
  CU_ASSERT_EQUAL_FATAL(run_sweep(s, &monitor, name), MDM_OK);
  mdm_sweep_free(s);
  CU_ASSERT_EQUAL_FATAL(mdm_sweep_read(in_folder(name), &back, NULL), MDM_OK);
  return back;
}

void stop_after(void *context, const mdm_progress *event) {
  stopper *s = context;
  (void)event;
  if (++s->reports >= s->after) mdm_flag_set(&s->stop, 1);
}
