/* Kernels of fields, and their overlaps with columns. */
#include "realization/gram.h"

#include <stdlib.h>

#include "base/memory.h"

int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err) {
  real *half = mdm_alloc(S, S, 1, sizeof *half); /* S × S: its upper triangle */
  if (!half) return mdm_no_memory(err, "a kernel of %zu samples", S);
  BLAS(syrk)(CblasColMajor, CblasUpper, CblasTrans, S, p->n, 1.0 / (double)p->n, p->v, p->n, 0, half, S);
  for (size_t i = 0; i < S; i++)
    for (size_t j = 0; j <= i; j++) out[i * S + j] = out[j * S + i] = (double)half[j + S * i];
  free(half);
  return MDM_OK;
}

double *X(doubles)(size_t n, const real *x) {
  double *out = mdm_alloc(n, 1, 1, sizeof *out);
  for (size_t i = 0; i < n && out; i++) out[i] = (double)x[i];
  return out;
}

double *X(overlaps)(size_t k, const real *columns, double s, const X(field) *f) {
  real *work = mdm_alloc(k, f->P, 1, sizeof *work); /* k × P */
  if (work && k) BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, k, f->P, f->n, s, columns, f->n, f->v, f->n, 0, work, k);
  double *out = work ? X(doubles)(k * f->P, work) : NULL;
  free(work);
  return out;
}
