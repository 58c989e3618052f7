/* Best values of lists of losses that come through a pipe: started by validation/best_value.py, which compiles it.
 *
 * In, as often as there are lists, in the machine's own format: n, runs, seed, stream (uint64); ln of n values, ascending; n losses of step 0;
 * n × runs losses. Out for each: kind, position, x, x_error, x_runs, x_between, loss, loss_error, runs (doubles, of mdm_best).
 */
#include <stdio.h>
#include <stdlib.h>

#include "study/best_value.h"

int main(void) {
  uint64_t head[4];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    size_t n = head[0], all = n * (2 + head[1]);
    mdm_best b;
    double *x = malloc(all * sizeof *x); /* n; n; n × runs */
    if (!x || fread(x, sizeof *x, all, stdin) != all) return 1;
    if (mdm_best_value(n, x, head[1], x + 2 * n, x + n, head[2], head[3], &b, NULL)) return 1;
    const double out[] = {b.kind, (double)b.position, b.x, b.x_error, b.x_runs, b.x_between, b.loss, b.loss_error, b.runs};
    if (fwrite(out, sizeof out, 1, stdout) != 1 || fflush(stdout)) return 1;
    free(x);
  }
  return 0;
}
