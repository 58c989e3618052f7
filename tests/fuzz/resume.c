/* Own output files from which a run goes on: whatever they hold is taken over, or refused in a line. */
#include <stdlib.h>

#include "fuzz/support/edit.h"

static void resume_sweep(const char *path) {
  mdm_error err = {0};
  mdm_sweep *s = edit_sweep();
  fuzz_judge(mdm_sweep_resume(s, path, &err), &err);
  mdm_sweep_free(s);
}

/* Every run of the file, as the run that goes on would take it. */
static void take_all(const mdm_resume *r) {
  static const long widths[] = {0, 8, 12};
  mdm_record *record, *weights;
  mdm_error err = {0};
  for (int w = 0; w < 3; w++)
    for (unsigned i = 0; i < 3; i++) {
      fuzz_judge(mdm_resume_take(r, widths[w], i, &record, &weights, &err), &err);
      mdm_record_free(record);
      mdm_record_free(weights);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static const char *const commands[] = {"compare", "coordcheck", "compare", "compare"};
  input in = {data, data + n};
  mdm_error err = {0};
  mdm_resume *r = NULL;
  mdm_outcome o;
  int changed;
  edit_prepare();
  int base = edit_which(&in);
  const char *path = edit_file(base, &in, &changed);
  const mdm_request request = {edit_config(base), edit_data(base), commands[base], MDM_RUN_LIMIT | MDM_RUN_NETWORKS, 0};
  int status = mdm_resume_open(path, &request, &r, &err);
  fuzz_judge(status, &err);
  if (!changed && base != EDIT_SWEEP && (status || mdm_resume_is(r) != MDM_RESUME_DONE)) abort(); /* the file as it was */
  if (!status && r) take_all(r);
  mdm_resume_free(r);
  status = mdm_resume_results(path, &o, &err);
  fuzz_judge(status, &err);
  mdm_outcome_clear(&o);
  if (base == EDIT_SWEEP) resume_sweep(path);
  return 0;
}
