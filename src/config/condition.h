/* When an option has an effect: the column `applies` of the option table (moedmft/config.h describes its language). */
#ifndef MOEDMFT_CONDITION_H
#define MOEDMFT_CONDITION_H

#include <moedmft/config.h>

/* Whether cfg meets a condition; NULL: always. A key that the table lacks is a bug: assert. */
int mdm_condition_holds(const mdm_config *cfg, const char *condition);
/* The keys of the clauses that cfg does not meet, with their values: "model.regime = II and model.active = 0"; into out, cut at size.
 * own: the key that the condition belongs to, which is not named again. */
void mdm_condition_obstacles(const mdm_config *cfg, const char *own, const char *condition, char *out, size_t size);

#endif
