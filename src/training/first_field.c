#include "training/first_field.h"

#include <math.h>
#include <stdlib.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "realization/elementwise.h"
#include "realization/realization.h"
#include "scaling/vanishing.h"

enum { MOST = 768 /* tokens that are looked at: their eigenproblem takes some tenths of a second */, PARTICLES = 4 /* for each of them */ };

/* z (n × tokens) = W_in x of tokens spread evenly over the first batch, entries of W_in normal times std. Not 0: memory is out. */
static int draw_inputs(const mdm_problem *p, double std, size_t n, size_t tokens, real *z) {
  const mdm_inputs *in = &p->reduced;
  real *x = mdm_alloc(in->inputs, tokens, 1, sizeof *x), *w = mdm_alloc(n, in->inputs, 1, sizeof *w); /* inputs × tokens; n × inputs */
  double *one = mdm_alloc(in->inputs, 1, 1, sizeof *one);                                             /* inputs */
  int missing = !x || !w || !one;
  for (size_t t = 0; t < tokens && !missing; t++) {
    mdm_inputs_of(in, 0, mdm_problem_sample(p, 0, p->batch * t / tokens), one);
    for (size_t i = 0; i < in->inputs; i++) x[i + in->inputs * t] = (real)one[i];
  }
  if (!missing) X(normal_columns)((mdm_stream){.purpose = MDM_DRAW_SKETCH}, 0, n, in->drawn, w);
  for (size_t c = 0; c < in->drawn && !missing; c++) X(scale)(n, (real)(std * (in->std ? in->std[c] : 1)), w + n * c);
  if (!missing) BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, tokens, in->inputs, 1, w, n, x, in->inputs, 0, z, n);
  free(x);
  free(w);
  free(one);
  return missing;
}

/* Eigenvalues w (tokens) of the kernel of φ(z). z, h: n × tokens; kernel: tokens × tokens. Not 0: they could not be found. */
static int find_spectrum(const mdm_problem *p, size_t n, size_t tokens, real *z, real *h, real *kernel, real *w) {
  mdm_coefficients coef[MDM_TENSORS], heads[MDM_TENSORS];
  if (mdm_model_limit(&p->model, &p->optimizer, coef, heads, NULL) || draw_inputs(p, sqrt(coef[MDM_W_IN].Vf), n, tokens, z)) return -1;
  if (p->model.linear_input) memcpy(h, z, n * tokens * sizeof *h);
  else X(activation_find)(p->model.activation)->eval(n * tokens, z, h, NULL);
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, tokens, n, (real)1 / (real)n, h, n, 0, kernel, tokens);
  return X(mdm_eigen)(tokens, kernel, w) != NULL;
}

/* Directions of so many tokens, whose eigenvalues stand for those of the batch. */
static double count(const mdm_problem *p, double threshold, size_t tokens) {
  size_t n = PARTICLES * tokens;
  real *z = mdm_alloc(n, tokens, 1, sizeof *z), *h = mdm_alloc(n, tokens, 1, sizeof *h), *kernel = mdm_alloc(tokens, tokens + 1, 1, sizeof *kernel); /* w behind it */
  double trace = 0, found = z && h && kernel && !find_spectrum(p, n, tokens, z, h, kernel, kernel + tokens * tokens) ? 0 : NAN;
  const real *w = isnan(found) ? NULL : kernel + tokens * tokens;
  for (size_t i = 0; i < tokens && w; i++) trace += (double)w[i];
  for (size_t i = 0; i < tokens && w; i++) found += (double)w[i] * (double)p->batch > threshold * trace;
  free(z);
  free(h);
  free(kernel);
  return found;
}

double X(first_directions)(const mdm_problem *p, double tolerance, int whole_batch) {
  size_t tokens = p->batch < MOST ? p->batch : MOST;
  double threshold = tolerance * tolerance * (whole_batch ? (double)p->batch : 1), all = count(p, threshold, tokens);
  if (tokens == p->batch || !(all > 0)) return all;
  double grows = log2(all / count(p, threshold, tokens / 2)) / 2; /* more tokens go on to bring directions, but ever fewer: by half of the power that was seen */
  return fmin((double)p->batch, all * pow((double)p->batch / (double)tokens, grows));
}
