/* moedmft rules: a parameterization at one width, in numbers. */
#include <moedmft/data.h>
#include <moedmft/rules.h>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/configuration.h"

/* The data are read for their dimension. */
static int run(const arguments *a, mdm_error *err) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_rules rules;
  char *text = NULL;
  int status = configuration_read(a, &cfg, err);
  if (!status) status = mdm_data_load(cfg, &data, err);
  if (!status) status = mdm_rules_compute(cfg, mdm_data_fan_in(cfg, data->dimension), (size_t)a->width, &rules, err);
  if (!status) status = mdm_rules_format(&rules, a->format ? a->format : "text", &text, err);
  mdm_data_free(data);
  mdm_config_free(cfg);
  return answer_print(status, text);
}

const command rules_command = {
    .name = "rules",
    .input = "CONFIG",
    .summary = "initial standard deviations and learning rates of a width, for your own training program",
    .example = "moedmft rules - --width 256 --set model.parameterization=mup",
    .needs = BIT(WIDTH),
    .takes = CONFIGURATION_OPTIONS | BIT(FORMAT),
    .run = run,
};
