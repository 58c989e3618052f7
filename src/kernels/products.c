/* Products of tall matrices with few tokens: by BLAS. */
#include "kernels/products.h"

void X(inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out, size_t ldo) {
  if (k && P) BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, k, P, n, s, A, lda, B, ldb, keep, out, ldo);
}

void X(combine)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, double keep,
                real *out, size_t ldo) {
  if (n && P) BLAS(gemm)(CblasColMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, n, P, k, s, A, lda, c, ldc, keep, out, ldo);
}
