/* One ensemble of everything that a configuration asks for. Each run is a task, whose pieces idle threads share. */
#include "run/ensembles.h"

#include "run/collect.h"
#include "run/execute.h"
#include "run/plan.h"

int mdm_ensembles_run(const mdm_config *cfg, const mdm_data *data, int what, size_t replicas, const mdm_monitor *monitor, mdm_outcome *out, mdm_error *err) {
  mdm_plan p;
  *out = (mdm_outcome){.limit = {.ended_at = -1}};
  int status = mdm_plan_create(cfg, data, what, replicas, monitor, &p, err);
  if (!status) status = mdm_plan_execute(&p, monitor ? monitor->threads : 0, err);
  if (!status) status = mdm_plan_collect(&p, out, err);
  if (status) mdm_outcome_clear(out);
  else status = mdm_outcome_verdict(p.problem, out, err);
  mdm_plan_clear(&p);
  return status;
}
