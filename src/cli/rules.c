/* moedmft rules: a parameterization at one width, in numbers. */
#include <moedmft/data.h>
#include <moedmft/rules.h>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/configuration.h"

/* Rules of a width. The data are read for their dimension; a transformer's tokens have none. */
static int compute(const arguments *a, const mdm_config *cfg, int width, mdm_rules *rules, mdm_error *err) {
  mdm_data *data = NULL;
  if (a->transformer) return mdm_rules_transformer(cfg, (size_t)width, (size_t)a->head_width, rules, err);
  int status = mdm_data_load(cfg, &data, err);
  if (!status) status = mdm_rules_compute(cfg, mdm_data_fan_in(cfg, data->dimension), (size_t)width, rules, err);
  mdm_data_free(data);
  return status;
}

/* Ratios to the rules of --base at --base-width, each of them that of the model itself where it is not given. */
static int divide(const arguments *a, const mdm_config *cfg, mdm_rules *rules, mdm_error *err) {
  mdm_config *other = NULL;
  mdm_rules base;
  arguments of_base = *a;
  of_base.input = a->base;
  int status = a->base ? configuration_read(&of_base, &other, err) : MDM_OK;
  if (!status) status = compute(a, other ? other : cfg, a->base_width ? a->base_width : a->width, &base, err);
  if (!status) status = mdm_rules_divide(rules, &base, err);
  mdm_config_free(other);
  return status;
}

static int run(const arguments *a, mdm_error *err) {
  mdm_config *cfg = NULL;
  mdm_rules rules;
  char *text = NULL;
  if (a->head_width && !a->transformer) return mdm_fail(err, MDM_ERR_USAGE, "--head-width has no effect without --transformer");
  int status = configuration_read(a, &cfg, err);
  if (!status) status = compute(a, cfg, a->width, &rules, err);
  if (!status && (a->base || a->base_width)) status = divide(a, cfg, &rules, err);
  if (!status) status = mdm_rules_format(&rules, a->format ? a->format : "text", &text, err);
  mdm_config_free(cfg);
  return answer_print(status, text);
}

const command rules_command = {
    .name = "rules",
    .input = "CONFIG",
    .summary = "initial standard deviations and learning rates of a width, for your own training program",
    .example = "moedmft rules - --width 256 --set model.parameterization=mup",
    .needs = BIT(WIDTH),
    .takes = CONFIGURATION_OPTIONS | BIT(FORMAT) | BIT(TRANSFORMER) | BIT(HEAD_WIDTH) | BIT(BASE) | BIT(BASE_WIDTH),
    .run = run,
};
