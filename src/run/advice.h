/* What is likely to be the reason when training diverges. */
#ifndef MOEDMFT_ADVICE_H
#define MOEDMFT_ADVICE_H

#include <stddef.h>

#include "problem/problem.h"

/* "; the inputs have …": what stands out in a problem and would make usual rates diverge, in words that follow "lower train.lr"; empty where
 * nothing does. Into out, cut at size. */
void mdm_divergence_advice(const mdm_problem *p, char *out, size_t size);

#endif
