/* The bias of a limit that no standard error holds (solve.bias_check; docs/reliability.md). */
#ifndef MOEDMFT_RUN_BIAS_H
#define MOEDMFT_RUN_BIAS_H

#include <moedmft/run.h>

/* Further solutions with the same draws: by either half of the particles, with finer directions, and where they are forgotten (solve.rank) with half
 * as many. */
enum { MDM_BIAS_FIRST, MDM_BIAS_SECOND, MDM_BIAS_FINER, MDM_BIAS_FEWER, MDM_BIAS_SOLUTIONS };
/* What they tell: the bias of the sample, of the tolerance of directions, and of their bound. */
enum { MDM_BIAS_OF_SAMPLE, MDM_BIAS_OF_TOLERANCE, MDM_BIAS_OF_RANK, MDM_BIAS_PARTS };

typedef struct mdm_bias {
  mdm_config *cfg[MDM_BIAS_SOLUTIONS]; /* NULL: it is not asked for */
  double beyond;                       /* the whole bias of directions over the difference to the finer ones, at least: 4/3 for a quarter of the tolerance */
} mdm_bias;

/* What a configuration asks for. MDM_ERR_CONFIG: fewer than MDM_FEWEST_RUNS replicas, or particles that have no halves. Release with
 * mdm_bias_clear, whatever it returns. */
int mdm_bias_read(const mdm_config *cfg, const mdm_data *data, mdm_bias *out, mdm_error *err);
void mdm_bias_clear(mdm_bias *b);
int mdm_bias_is_asked(const mdm_bias *b);

/* Solves again for every replica of a complete limit, and adds diagnostics/bias/… to its summary (docs/output.md): per array the estimate and
 * its standard error. A solution that fails leaves its part out, which the summary says and the caller is told. MDM_INTERRUPTED: the summary
 * is as it was. */
int mdm_bias_check(const mdm_bias *b, const mdm_data *data, const mdm_monitor *monitor, mdm_ensemble *limit, mdm_error *err);

/* The estimated bias of the train predictions, root mean square, that is due to a part (MDM_BIAS_OF_…); 0 where it is not known. */
double mdm_bias_part(const mdm_record *summary, int part);

/* Bytes that this needs at its peak for so many replicas (0: those of the configuration), beside the limit's own records. */
double mdm_bias_bytes(const mdm_bias *b, const mdm_data *data, const mdm_monitor *monitor, size_t replicas);

#endif
