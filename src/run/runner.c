/* One run in the chosen precision. */
#include "run/runner.h"

/* Entry points of the two precisions (src/training/train.c). */
int train_limit_f64(const mdm_problem *, const mdm_limit_sizes *, mdm_task *, mdm_error *);
int train_limit_f32(const mdm_problem *, const mdm_limit_sizes *, mdm_task *, mdm_error *);
int train_network_f64(const mdm_problem *, mdm_task *, mdm_error *);
int train_network_f32(const mdm_problem *, mdm_task *, mdm_error *);

int mdm_runner_run(const mdm_runner *r, mdm_task *t, mdm_error *why) {
  int failure = t->width ? (r->network_single ? train_network_f32 : train_network_f64)(r->problem, t, why)
                         : (r->limit_single ? train_limit_f32 : train_limit_f64)(r->problem, &r->sizes, t, why);
  if (failure) t->status = failure;
  return failure;
}

void mdm_runner_serve(const mdm_runner *r, mdm_task *t, mdm_board *board, size_t place) {
  mdm_error why = {0};
  if (mdm_board_stopped(board)) t->status = MDM_INTERRUPTED;
  else if (mdm_runner_run(r, t, &why)) mdm_board_fail(board, place, &why);
}
