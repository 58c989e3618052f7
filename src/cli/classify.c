/* moedmft classify: what the exponents of a parameterization imply. */
#include <moedmft/classify.h>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/configuration.h"

static int classify(const mdm_config *cfg, char **text, mdm_error *err) {
  mdm_classification c;
  int status = mdm_classify(cfg, &c, err);
  return status ? status : mdm_classification_format(&c, text, err);
}

static int enumerate(const mdm_config *cfg, char **text, mdm_error *err) {
  mdm_search search[MDM_GOALS];
  int status = mdm_enumerate(cfg, search, err);
  return status ? status : mdm_search_format(search, text, err);
}

static int run(const arguments *a, mdm_error *err) {
  mdm_config *cfg = NULL;
  char *text = NULL;
  int status = configuration_read(a, &cfg, err);
  if (!status) status = a->enumerate ? enumerate(cfg, &text, err) : classify(cfg, &text, err);
  mdm_config_free(cfg);
  return answer_print(status, text);
}

const command classify_command = {
    .name = "classify",
    .input = "CONFIG",
    .summary = "what survives, vanishes or diverges with scale, and which desiderata hold",
    .example = "moedmft classify - --set model.parameterization=mup",
    .takes = CONFIGURATION_OPTIONS | BIT(ENUMERATE),
    .run = run,
};
