/* Releasing what runs found (moedmft/run.h). */
#include <moedmft/run.h>

#include <stdlib.h>

void mdm_ensemble_clear(mdm_ensemble *e) {
  mdm_record_free(e->summary);
  for (size_t i = 0; i < e->runs; i++) {
    if (e->each) mdm_record_free(e->each[i]);
    if (e->weights) mdm_record_free(e->weights[i]);
  }
  free(e->each);
  free(e->weights);
  free(e->index);
  *e = (mdm_ensemble){.ended_at = -1};
}

void mdm_sweeps_clear(mdm_sweeps *s) {
  mdm_record_free(s->record);
  *s = (mdm_sweeps){0};
}

void mdm_outcome_clear(mdm_outcome *o) {
  mdm_ensemble_clear(&o->limit);
  for (size_t i = 0; i < o->widths; i++) mdm_ensemble_clear(&o->networks[i]);
  free(o->networks);
  mdm_record_free(o->comparison);
  mdm_record_free(o->depths);
  mdm_record_free(o->coordcheck);
  mdm_sweeps_clear(&o->sweeps);
  mdm_record_free(o->extra);
  mdm_data_free(o->data);
  *o = (mdm_outcome){0};
}
