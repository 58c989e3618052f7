/* Exponents in the depth of the parts of products, by arithmetic (scaling/coordcheck_predict.h). */
#include <math.h>
#include <stdio.h>

#include "scaling/coordcheck_predict.h"
#include "support/settings.h"
#include "support/suite.h"

#define LEARNS MDM_PART_EFFECTIVE
#define REGIME_III "model.regime=III model.experts_ratio=0.5 model.expert_width_ratio=0.5 "

/* Measured in the limit at L = 4, 8, 16 (docs/coordinate-check.md), and by hand: a block matrix moves by L^(b-1) for backward inputs of size 1;
 * where W2's draw vanishes with width (mup), b is what W2 has learned, L^(b-1) again; averages of b and u need learning to correlate. */
static void powers_of_the_depth(void) {
  static const struct {
    const char *settings;
    mdm_split split;
    mdm_part_kind part;
    double limit;
  } rows[] = {
      {"", MDM_SPLIT_A, LEARNS, 0},
      {"", MDM_SPLIT_U, LEARNS, 0},
      {"", MDM_SPLIT_STREAM, MDM_PART_INIT, -0.5},
      {"", MDM_SPLIT_STREAM, MDM_PART_PROPAGATING, 0}, /* y follows what W2 sent back, in every block alike */
      {"model.branch_exponent=0.5", MDM_SPLIT_A, LEARNS, -0.5},
      {"model.branch_exponent=0.5", MDM_SPLIT_PSI, LEARNS, -0.5},
      {"model.branch_exponent=0.5", MDM_SPLIT_B, LEARNS, -0.5},
      {"model.branch_exponent=0.5", MDM_SPLIT_R1, MDM_PART_INIT, 0},
      {"model.branch_exponent=0.5", MDM_SPLIT_STREAM, MDM_PART_INIT, 0},
      {"model.branch_exponent=0.5", MDM_SPLIT_STREAM, LEARNS, 0},
      {"model.branch_exponent=0.5 model.parameterization=mup", MDM_SPLIT_U, LEARNS, -1},
      {"model.branch_exponent=0.5 model.parameterization=mup", MDM_SPLIT_R, MDM_PART_PROPAGATING, -0.5},
      {"model.branch_exponent=0.5 model.parameterization=mup", MDM_SPLIT_R, MDM_PART_CROSS, -1.5},
      {"model.branch_exponent=0.5 model.parameterization=mup", MDM_SPLIT_A, MDM_PART_INIT, NAN}, /* nothing is left of it in the limit */
      {"model.branch_exponent=0.5 model.parameterization=mup model.regime=I", MDM_SPLIT_PSI, LEARNS, -1},
      {"model.branch_exponent=0.5 model.parameterization=mup " REGIME_III, MDM_SPLIT_RQ, MDM_PART_TOTAL, -0.5},
      {"model.branch_exponent=0.5 " REGIME_III, MDM_SPLIT_R1, MDM_PART_INIT, 0},
      {"model.branch_exponent=0 model.norm=rms model.output=norm", MDM_SPLIT_A, LEARNS, NAN}, /* r depends on the block */
      {"train.optimizer=adam", MDM_SPLIT_A, LEARNS, NAN},
      {"train.optimizer=adam", MDM_SPLIT_A, MDM_PART_INIT, 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char settings[400];
    mdm_depth_prediction p;
    mdm_error err = {0};
    snprintf(settings, sizeof settings, "model.depth=8 %s", rows[i].settings);
    mdm_config *cfg = configure(settings);
    CU_ASSERT_FATAL(!mdm_parts_predict_depth(cfg, &p, &err));
    double got = p.limit[rows[i].split][rows[i].part], expected = rows[i].limit;
    int equal = isnan(expected) ? isnan(got) : fabs(got - expected) < 1e-9;
    if (!equal) printf("\n    %s: %s %s: %g, not %g\n", rows[i].settings, mdm_split_path(rows[i].split), mdm_part_name(rows[i].part), got, expected);
    CU_ASSERT(equal);
    mdm_config_free(cfg);
  }
}

/* At fixed width a part that vanishes with width may be the larger one at large depth: no prediction for networks. */
static void networks_of_fixed_width(void) {
  mdm_config *cfg = configure("model.depth=8 model.branch_exponent=0.5 model.parameterization=mup");
  mdm_depth_prediction p;
  CU_ASSERT_FATAL(!mdm_parts_predict_depth(cfg, &p, NULL));
  CU_ASSERT(isnan(p.networks[MDM_SPLIT_B][MDM_PART_TOTAL]) && p.limit[MDM_SPLIT_B][MDM_PART_TOTAL] == -0.5);
  CU_ASSERT(p.networks[MDM_SPLIT_B][MDM_PART_EFFECTIVE] == -0.5 && p.networks[MDM_SPLIT_A][MDM_PART_INIT] == 0);
  mdm_config_free(cfg);
}

/* A sum of draws that differ from block to block and of what all blocks do alike lies between two powers. */
static void sums_of_two_powers(void) {
  mdm_config *cfg = configure("model.depth=8");
  mdm_depth_prediction p;
  CU_ASSERT_FATAL(!mdm_parts_predict_depth(cfg, &p, NULL));
  CU_ASSERT(p.lowest[MDM_SPLIT_STREAM][MDM_PART_TOTAL] == -0.5 && p.limit[MDM_SPLIT_STREAM][MDM_PART_TOTAL] == 0);
  CU_ASSERT(p.lowest[MDM_SPLIT_STREAM][MDM_PART_EFFECTIVE] == 0 && p.lowest[MDM_SPLIT_A][MDM_PART_TOTAL] == 0);
  mdm_config_free(cfg);
}

static const test_case tests[] = {
    {"powers of the depth", powers_of_the_depth},
    {"networks of fixed width", networks_of_fixed_width},
    {"sums of two powers", sums_of_two_powers},
};

SUITE("scaling/coordcheck_predict", tests)
