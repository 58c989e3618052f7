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

/* Two heads of width N/2, scores q·k/d_k, nothing else on the stream, η = 0.8. */
static const double error_widening[TIMES] = {0.00037, 0.00088, 0.00204};
static const double widening[TIMES][TOKENS][VOCABULARY] = {
     {{-0.15894, 0.16962, 0.06357, -0.18783, 0.11358},
      {-0.13028, 0.14908, -0.04753, -0.10403, 0.13275},
      {-0.23, -0.03852, -0.08716, -0.04704, 0.40272},
      {-0.23438, -0.02858, -0.12099, -0.05338, 0.43733},
      {-0.15916, 0.41817, -0.00034, -0.13477, -0.1239},
      {-0.12335, 0.26169, -0.07532, -0.06425, 0.00123},
      {-0.10446, 0.19506, -0.05749, -0.06159, 0.02847},
      {-0.16856, 0.26905, 0.08844, -0.15252, -0.03641},
      {-0.03758, 0.12355, -0.06793, -0.10154, 0.08351},
      {-0.16207, 0.09017, 0.12989, -0.14697, 0.08898},
      {-0.1597, -0.03548, 0.13147, -0.13246, 0.19617},
      {-0.14849, -0.04518, 0.1257, -0.14973, 0.21771},
      {-0.20713, 0.06484, -0.22843, -0.00988, 0.3806},
      {-0.23968, 0.02433, -0.19519, 0.02457, 0.38596},
      {-0.23632, 0.30342, -0.04211, -0.06592, 0.04093},
      {-0.1602, 0.23817, -0.16502, -0.04567, 0.13272}},
     {{-0.31129, 0.38248, 0.15427, -0.39083, 0.16537},
      {-0.19707, 0.25988, -0.10558, -0.18211, 0.22488},
      {-0.39007, -0.21922, -0.14537, -0.04089, 0.79555},
      {-0.39878, -0.17733, -0.21559, -0.06708, 0.85877},
      {-0.25829, 0.81307, 0.02772, -0.23732, -0.34518},
      {-0.17077, 0.56404, -0.17364, -0.06683, -0.1528},
      {-0.09488, 0.36998, -0.12273, -0.05334, -0.09903},
      {-0.2607, 0.47728, 0.27702, -0.30005, -0.19356},
      {0.13353, 0.073, -0.12494, -0.14015, 0.05855},
      {-0.27669, 0.11672, 0.35459, -0.28726, 0.09264},
      {-0.27886, -0.17856, 0.31847, -0.24649, 0.38543},
      {-0.27419, -0.18091, 0.29405, -0.29692, 0.45797},
      {-0.32677, 0.05191, -0.4712, 0.03532, 0.71074},
      {-0.40916, -0.03395, -0.37885, 0.10742, 0.71454},
      {-0.43487, 0.6358, -0.03166, -0.10623, -0.06303},
      {-0.24356, 0.48684, -0.3597, -0.03415, 0.15058}},
     {{-0.58821, 0.87458, 0.14841, -0.58762, 0.15284},
      {-0.33534, 0.28045, -0.34275, -0.17138, 0.56901},
      {-0.4386, -0.6831, -0.1809, 0.0588, 1.2438},
      {-0.48459, -0.5136, -0.29306, -0.04232, 1.3336},
      {-0.4152, 1.336, -0.04113, -0.26657, -0.61313},
      {-0.30991, 1.1087, -0.47998, 0.11079, -0.4296},
      {0.00939, 0.56458, -0.33748, 0.21147, -0.44796},
      {-0.11589, 0.12566, 0.77532, -0.41533, -0.36976},
      {0.71361, -0.7402, -0.04675, 0.04315, 0.03019},
      {-0.23621, -0.21638, 0.83277, -0.36482, -0.01536},
      {-0.31871, -0.61063, 0.59575, -0.30556, 0.63917},
      {-0.38611, -0.5039, 0.51276, -0.43921, 0.81646},
      {-0.35923, -0.00263, -0.81982, 0.16417, 1.0175},
      {-0.53134, -0.16224, -0.60364, 0.26149, 1.0357},
      {-0.6573, 1.1392, -0.01698, -0.1083, -0.35661},
      {-0.36048, 0.91387, -0.67049, 0.09198, 0.02512}}};

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

#define COMMON "model.depth=1 model.norm=rms model.output=norm model.input=linear train.loss=cross_entropy train.steps=10 output.kernels=false output.statistics=false "

typedef struct {
  const char *settings;
  const double (*expected)[TOKENS][VOCABULARY], *error; /* TIMES each */
} reference;

static const reference layer = {COMMON "model.blocks=[attention,moe] model.head_width=2 model.heads_ratio=1 model.expert_width=2 train.lr=0.4 solve.particles=1000 solve.replicas=4",
                                expected, error_at},
                       heads = {COMMON "model.regime=I model.blocks=[attention] model.heads=2 model.head_width_ratio=0.5 model.attention_scale=full train.lr=0.8 "
                                       "solve.particles=1200 solve.replicas=4", widening, error_widening};

/* Root mean squares over tokens and outputs of the difference and of the standard error at each time. */
static void compare(const mdm_record *rec, const reference *by, double off[TIMES], double error[TIMES]) {
  const double *f = values(rec, "observables/train/prediction"), *se = errors(rec, "observables/train/prediction");
  for (size_t k = 0; k < TIMES; k++) {
    double square = 0, variance = 0;
    for (size_t i = 0; i < TOKENS * VOCABULARY; i++) {
      size_t at = times[k] * TOKENS * VOCABULARY + i;
      square += pow(f[at] - by->expected[k][i / VOCABULARY][i % VOCABULARY], 2);
      variance += se[at] * se[at];
    }
    off[k] = sqrt(square / (TOKENS * VOCABULARY));
    error[k] = sqrt(variance / (TOKENS * VOCABULARY));
  }
}

static void solve(const char *settings, mdm_outcome *out) {
  mdm_config *cfg;
  mdm_error err = {0};
  mdm_data *data = sequences();
  mdm_monitor monitor = {.threads = 1};
  CU_ASSERT_FATAL(!try_configure(settings, &cfg, &err));
  int status = mdm_run(cfg, data, MDM_RUN_LIMIT, &monitor, out, &err);
  if (status) printf("\n    %s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static void check(const reference *by) {
  mdm_outcome out = {0};
  double off[TIMES], error[TIMES];
  solve(by->settings, &out);
  compare(out.limit.summary, by, off, error);
  const double *f = values(out.limit.summary, "observables/train/prediction"), *loss = values(out.limit.summary, "observables/train/loss");
  for (size_t i = 0; i < TOKENS * VOCABULARY; i++) CU_ASSERT_DOUBLE_EQUAL(f[i], 0, 1e-5);
  CU_ASSERT_DOUBLE_EQUAL(loss[0], log(VOCABULARY), 1e-5);
  for (size_t k = 0; k < TIMES; k++) {
    printf("\n    step %zu: off %.5f, errors %.5f %.5f", times[k], off[k], error[k], by->error[k]);
    CU_ASSERT(off[k] < 3 * hypot(error[k], by->error[k]));
  }
  mdm_outcome_clear(&out);
}

static void a_layer_of_reference(void) { check(&layer); }
static void heads_that_widen(void) { check(&heads); }

static const test_case tests[] = {
    {"a layer of reference", a_layer_of_reference},
    {"heads that widen", heads_that_widen},
};

SUITE("models/attention of reference", tests)
