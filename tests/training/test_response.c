/* Responses of a linear network's limit against closed forms. */
#include <math.h>

#include "support/cosine.h"
#include "support/near.h"
#include "support/runs.h"
#include "support/suite.h"

/* One sample with x·x/D = K, a constant gate, N_e = 3, one step of rate η from e(0) = −y. The stream h = W_in x moves by −η K r, of which the backward product of W1 is a
 * part: its response to that is −η K, of which the action sees ⟨γγ⟩ = e²/3. In u, −η N_e v e y(0)ᵀ moves W2 and −η e a v, of which ω of W2 is a part: γ(1) = W2ᵀ v e(1)
 * responds to the Gaussian part of u(0) by −η e(0) e(1) (1 + 1/3). Fields of both steps are nearly parallel: the response, relative to their sizes, is the same to both. */
static void linear_network_in_closed_form(void) {
  const double eta = 0.3, K = cosine_gram(0, 0), e0 = -cosine_target[0];
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 0, "model.activation=identity model.expert_activation=identity model.gate=constant data.train=1 train.steps=1 train.lr=0.3 output.responses=true "
           "output.times=[0,1] solve.particles=1000 solve.replicas=2 solve.precision=double", &out);
  const mdm_record *rec = out.limit.summary;
  const double *R = values(rec, "responses/W1/forward"), *action = values(rec, "responses/W1/forward_action"); /* (time, time) */
  const double *own = values(rec, "responses/W1/backward"), *felt = values(rec, "responses/W1/backward_action"), *h = values(rec, "observables/rms/h");
  double e1 = values(rec, "observables/train/prediction")[1] - cosine_target[0];
  check_near("response of h", R[2], -eta * K, 1e-10);
  check_near("its action", action[2], -eta * K * e0 * e0 / 3, 1e-10);
  CU_ASSERT(R[0] == 0 && R[1] == 0 && R[3] == 0); /* nothing feels its own time or later ones */
  check_near("action on gamma", felt[2], -eta * e0 * e1 * K * (1 + 1.0 / 3), 1e-10);
  check_near("response of gamma, relative to both fields", own[2] * h[0], own[3] * h[1], 1e-10);
  CU_ASSERT(fabs(own[3]) > 0.1 && fabs(own[0]) < 1e-12 && own[1] == 0);
  check_near("action of response", own[2] * h[0] * h[0] + own[3] * h[0] * h[1], felt[2], 0.01 * fabs(felt[2])); /* but for what is not parallel */
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"linear network in closed form", linear_network_in_closed_form},
};

SUITE("training/response", tests)
