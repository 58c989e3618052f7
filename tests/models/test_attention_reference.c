/* A transformer layer against an independent solution of the same limit: attention and MoE on one stream, next-token cross-entropy. */
#include <moedmft/moedmft.h>

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

enum { VOCABULARY = 5, TOKENS = 16, CONTEXT = 4, INPUTS = VOCABULARY + CONTEXT, TIMES = 3 };

/* Four sequences of four tokens, and the token behind each. */
static const int token[TOKENS] = {0, 1, 4, 4, 3, 1, 1, 3, 1, 0, 2, 2, 4, 4, 3, 1};
static const int next[TOKENS] = {1, 4, 4, 4, 1, 1, 3, 2, 0, 2, 2, 4, 4, 3, 1, 1};

/* Heads of width 2, α = 1, scores q·k/√2, experts of two tanh neurons, sigmoid gates, all standard deviations 1 and that of positions ½, η = 0.4: f of
 * every token and output, and its standard error, root mean square. */
static const size_t times[TIMES] = {2, 5, 10};
static const double error_at[TIMES] = {0.00065, 0.00134, 0.00237};
static const double expected[TIMES][TOKENS][VOCABULARY] = {
     {{-0.09448, 0.10105, 0.03177, -0.10914, 0.07067},
      {-0.08301, 0.0839, -0.03596, -0.06472, 0.09989},
      {-0.1404, -0.02985, -0.06169, -0.03989, 0.27166},
      {-0.14292, -0.02486, -0.07756, -0.04443, 0.28949},
      {-0.09845, 0.25205, -0.00527, -0.07865, -0.06968},
      {-0.08411, 0.17256, -0.05666, -0.03142, -9e-05},
      {-0.07278, 0.13174, -0.04777, -0.02127, 0.01019},
      {-0.10202, 0.15165, 0.06632, -0.09283, -0.02315},
      {-0.02145, 0.07081, -0.04008, -0.06232, 0.05321},
      {-0.09703, 0.04579, 0.09057, -0.09017, 0.05077},
      {-0.10099, -0.02678, 0.09227, -0.08692, 0.12221},
      {-0.09551, -0.02999, 0.0783, -0.09639, 0.14341},
      {-0.12502, 0.03661, -0.13388, -0.00321, 0.22539},
      {-0.14299, 0.01229, -0.11589, 0.01885, 0.22772},
      {-0.14113, 0.19477, -0.03028, -0.04159, 0.01805},
      {-0.10152, 0.16406, -0.09832, -0.03041, 0.06651}},
     {{-0.2015, 0.23663, 0.07756, -0.24531, 0.13181},
      {-0.16175, 0.16327, -0.08308, -0.13359, 0.21597},
      {-0.27586, -0.10953, -0.12281, -0.06975, 0.57729},
      {-0.27951, -0.09413, -0.15666, -0.08252, 0.61162},
      {-0.19272, 0.55106, -0.00352, -0.16264, -0.19186},
      {-0.15878, 0.38619, -0.13129, -0.04502, -0.04941},
      {-0.12527, 0.28205, -0.11024, -0.01545, -0.03033},
      {-0.19702, 0.31188, 0.18448, -0.2026, -0.09648},
      {0.01449, 0.11158, -0.08433, -0.12385, 0.083},
      {-0.19525, 0.07915, 0.23662, -0.19727, 0.07644},
      {-0.2062, -0.09479, 0.22574, -0.18604, 0.26027},
      {-0.19912, -0.09901, 0.18662, -0.21051, 0.32098},
      {-0.24468, 0.05554, -0.29868, 0.01332, 0.47432},
      {-0.28804, -0.00229, -0.25027, 0.0651, 0.47574},
      {-0.29247, 0.43919, -0.05271, -0.08083, -0.01343},
      {-0.19502, 0.36707, -0.22186, -0.04779, 0.09978}},
     {{-0.3303, 0.49093, 0.12692, -0.41783, 0.12755},
      {-0.21044, 0.12951, -0.19181, -0.18102, 0.45591},
      {-0.351, -0.35042, -0.18005, -0.0544, 0.93437},
      {-0.36014, -0.29766, -0.23118, -0.09217, 0.97857},
      {-0.26364, 0.91519, -0.00075, -0.22725, -0.4223},
      {-0.19909, 0.69209, -0.28238, 0.03545, -0.24197},
      {-0.08219, 0.41127, -0.23558, 0.13868, -0.23101},
      {-0.21889, 0.36839, 0.46377, -0.3278, -0.28386},
      {0.30567, -0.11004, -0.11518, -0.1276, 0.0487},
      {-0.24835, 0.01619, 0.54197, -0.31398, 0.00277},
      {-0.27502, -0.30458, 0.44902, -0.28082, 0.40902},
      {-0.28582, -0.29388, 0.34065, -0.33342, 0.56974},
      {-0.3154, 0.00882, -0.53088, 0.09301, 0.74486},
      {-0.40435, -0.09666, -0.41437, 0.18157, 0.73507},
      {-0.43598, 0.78541, -0.05749, -0.09814, -0.19302},
      {-0.25453, 0.66288, -0.40761, -0.00867, 0.01308}}};

static mdm_data *sequences(void) {
  double x[TOKENS * INPUTS] = {0}, y[TOKENS * VOCABULARY] = {0};
  mdm_data *data;
  mdm_error err = {0};
  for (size_t i = 0; i < TOKENS; i++) {
    x[INPUTS * i + (size_t)token[i]] = sqrt(INPUTS); /* the program divides by √D */
    x[INPUTS * i + VOCABULARY + i % CONTEXT] = 0.5 * sqrt(INPUTS);
    y[VOCABULARY * i + (size_t)next[i]] = 1;
  }
  CU_ASSERT_FATAL(!mdm_data_from_arrays(TOKENS, 0, INPUTS, VOCABULARY, x, y, 1, &data, &err));
  data->context = CONTEXT;
  return data;
}

static const char layer[] = "model.depth=1 model.blocks=[attention,moe] model.head_width=2 model.heads_ratio=1 model.expert_width=2 model.norm=rms model.output=norm "
                            "model.input=linear train.loss=cross_entropy train.lr=0.4 output.kernels=false output.statistics=false";

/* Root mean squares over tokens and outputs of the difference and of the standard error at each time. */
static void compare(const mdm_record *rec, double off[TIMES], double error[TIMES]) {
  const double *f = values(rec, "observables/train/prediction"), *se = errors(rec, "observables/train/prediction");
  for (size_t k = 0; k < TIMES; k++) {
    double square = 0, variance = 0;
    for (size_t i = 0; i < TOKENS * VOCABULARY; i++) {
      size_t at = times[k] * TOKENS * VOCABULARY + i;
      square += pow(f[at] - expected[k][i / VOCABULARY][i % VOCABULARY], 2);
      variance += se[at] * se[at];
    }
    off[k] = sqrt(square / (TOKENS * VOCABULARY));
    error[k] = sqrt(variance / (TOKENS * VOCABULARY));
  }
}

static void solve(const char *settings, mdm_outcome *out) {
  char all[640];
  mdm_config *cfg;
  mdm_error err = {0};
  mdm_data *data = sequences();
  mdm_monitor monitor = {.threads = 1};
  snprintf(all, sizeof all, "%s %s", layer, settings);
  CU_ASSERT_FATAL(!try_configure(all, &cfg, &err));
  int status = mdm_run(cfg, data, MDM_RUN_LIMIT, &monitor, out, &err);
  if (status) printf("\n    %s: %s\n", all, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static void a_layer_of_reference(void) {
  mdm_outcome out = {0};
  double off[TIMES], error[TIMES];
  solve("train.steps=10 solve.particles=1000 solve.replicas=4", &out);
  compare(out.limit.summary, off, error);
  const double *f = values(out.limit.summary, "observables/train/prediction"), *loss = values(out.limit.summary, "observables/train/loss");
  for (size_t i = 0; i < TOKENS * VOCABULARY; i++) CU_ASSERT_DOUBLE_EQUAL(f[i], 0, 1e-5);
  CU_ASSERT_DOUBLE_EQUAL(loss[0], log(VOCABULARY), 1e-5);
  for (size_t k = 0; k < TIMES; k++) {
    printf("\n    step %zu: off %.5f, errors %.5f %.5f", times[k], off[k], error[k], error_at[k]);
    CU_ASSERT(off[k] < 3 * hypot(error[k], error_at[k]));
  }
  mdm_outcome_clear(&out);
}

static const test_case tests[] = {
    {"a layer of reference", a_layer_of_reference},
};

SUITE("models/attention of reference", tests)
