/* Results as text. */
#ifndef MOEDMFT_REPORT_H
#define MOEDMFT_REPORT_H

#include <moedmft/error.h>
#include <moedmft/record.h>
#include <moedmft/rerun.h>
#include <moedmft/sweep.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Human-readable summary of a file (what `moedmft info` prints): provenance, the main results, and, if datasets is not 0, the tree of
 * datasets with shapes and meanings. malloc'd text in *out. */
int mdm_file_info(const char *path, int datasets, char **out, mdm_error *err);
/* The verdict: for every setting of the other axes a table of the best value by width, its drift, and where larger is
 * worse. malloc'd text in *out. */
int mdm_sweep_report(const mdm_sweep *s, char **out, mdm_error *err);

/* What mdm_coordcheck_fit found as malloc'd text: a table and the desiderata. */
int mdm_coordcheck_format(const mdm_record *check, char **out, mdm_error *err);

/* Parts against the depth L, of runs at several depths with output.parts (mdm_outcome.depths, or the file group /depths), as malloc'd text;
 * empty where there are none. */
int mdm_depth_parts_format(const mdm_record *depths, char **out, mdm_error *err);

/* What came out, as text: how much was compared, the largest deviations and where, how builds and machines differ (*out is malloc'd).
 * MDM_ERR_EXPECT: not the same bit for bit; err says the most important in one line. */
int mdm_rerun_report(const mdm_rerun *r, char **out, mdm_error *err);

#ifdef __cplusplus
}
#endif
#endif
