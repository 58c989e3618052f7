/* Squares of fields without sampling noise. */
#include "realization/gram.h"

#include <stdlib.h>

#include "base/memory.h"

/* out = keep out + s aᵀ b over n particles, leading dimensions ld. */
static void multiply(size_t n, size_t ld, double s, size_t ka, const real *a, size_t kb, const real *b, double keep, real *out) {
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, ka, kb, n, s, a, ld, b, ld, keep, out, ka);
}

void X(products)(double s, X(columns) a, X(columns) b, real *out) {
  size_t n = a.n, half = n / 2;
  if (!a.k || !b.k) return;
  if (a.twins) {
    multiply(half, n, s, a.k, a.v, b.k, b.v + half, 0, out);
    multiply(half, n, s, a.k, a.v + half, b.k, b.v, 1, out);
  } else {
    multiply(n, n, s, a.k, a.v, b.k, b.v, 0, out);
  }
  if (a.noise && b.noise) multiply(n, n, -s, a.k, a.noise, b.k, b.noise, 1, out);
}

void X(squares)(CBLAS_UPLO triangle, double s, X(columns) a, real *out) {
  size_t half = a.n / 2;
  if (a.twins) BLAS(syr2k)(CblasColMajor, triangle, CblasTrans, a.k, half, s, a.v, a.n, a.v + half, a.n, 0, out, a.k);
  else BLAS(syrk)(CblasColMajor, triangle, CblasTrans, a.k, a.n, s, a.v, a.n, 0, out, a.k);
  if (a.noise) BLAS(syrk)(CblasColMajor, triangle, CblasTrans, a.k, a.n, -s, a.noise, a.n, 1, out, a.k);
}

static double sum_products(size_t n, const real *a, const real *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

double X(product_of)(X(columns) a, X(columns) b, size_t i) {
  size_t n = a.n, at = n * i, half = n / 2;
  double sum = a.twins ? sum_products(half, a.v + at, b.v + at + half) + sum_products(half, a.v + at + half, b.v + at)
                       : sum_products(n, a.v + at, b.v + at);
  return a.noise && b.noise ? sum - sum_products(n, a.noise + at, b.noise + at) : sum;
}

int X(gram)(const X(field) *p, size_t S, double *out, mdm_error *err) {
  real *half = mdm_alloc(S, S, 1, sizeof *half); /* S × S: its upper triangle */
  if (!half) return mdm_fail(err, MDM_ERR_MEMORY, "out of memory for a kernel of %zu samples", S);
  X(squares)(CblasUpper, 1.0 / (double)p->n, X(tokens)(p, S), half);
  for (size_t i = 0; i < S; i++)
    for (size_t j = 0; j <= i; j++) out[i * S + j] = out[j * S + i] = (double)half[j + S * i];
  free(half);
  return MDM_OK;
}
