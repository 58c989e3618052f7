/* The refined coordinate check: what of every product comes from the initial matrix, what from its updates, how each part
 * scales with the width N, and what the parameterization promises (docs/coordinate-check.md). */
#ifndef MOEDMFT_COORDCHECK_PUBLIC_H
#define MOEDMFT_COORDCHECK_PUBLIC_H

#include <moedmft/config.h>
#include <moedmft/record.h>
#include <moedmft/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a configuration ready: switches output.parts on, and says through *what whether to run the limit and the networks, or
 * (where no limit exists) the networks alone. MDM_ERR_CONFIG: fewer than two widths or seeds, too few steps, or several
 * depths (solve.depths, simulate.depths) where there is no limit in width or depth. */
int mdm_coordcheck_prepare(mdm_config *cfg, int *what, mdm_error *err);

/* From a run with output.parts: fits RMS ~ N^p to every part at the last step of the time grid and sets o->coordcheck, a
 * record of the arrays below (file group /coordcheck; docs/output.md):
 *   width, step; rms (product, part, width); exponent, predicted, limit, agrees (product, part); promised, kept (desideratum).
 * With residual blocks (model.depth) tables have a first dimension for blocks.
 * Does nothing when a width has no runs. */
int mdm_coordcheck_fit(const mdm_config *cfg, mdm_outcome *o, mdm_error *err);

/* The same along the depth (mdm_outcome.depths): MDM_ERR_EXPECT when a part does not scale with L as predicted. */
int mdm_depth_parts_expect(const mdm_record *depths, mdm_error *err);

/* MDM_ERR_EXPECT when a part does not scale as predicted or a promise is not kept; err names the first. */
int mdm_coordcheck_expect(const mdm_record *check, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
