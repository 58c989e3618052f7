/* Products of tall matrices with few tokens: special cases, and the choice between BLAS and the kernels of this processor. */
#include "kernels/products.h"

#include <string.h>

#include "kernels/choose.h"

/* out (rows × cols) ← keep out, of columns `at`. */
static void keep_only(size_t rows, size_t cols, const size_t *at, double keep, real *out, size_t ldo) {
  for (size_t t = 0; t < cols && keep != 1; t++) {
    real *to = out + ldo * (at ? at[t] : t);
    if (keep == 0) memset(to, 0, rows * sizeof *to);
    else
      for (size_t i = 0; i < rows; i++) to[i] *= (real)keep;
  }
}

/* Fewer rows than this are no tall matrix: `inner` would add up the lanes of its vectors more often than it multiplies. */
enum { TALL = 64 };

size_t X(many_tokens)(void) { return X(kernels_used)()->many; }
size_t X(many_in_products)(void) { return X(kernels_used)()->many_at_once; }

static int few(const X(kernels) *own, size_t k, size_t P) { return k < own->many || P < own->many; }

void X(inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out, size_t ldo) {
  if (!k || !P) return;
  const X(kernels) *own = X(kernels_used)();
  if (!n || s == 0) keep_only(k, P, NULL, keep, out, ldo);
  else if (n >= TALL && few(own, k, P)) own->inner(n, k, P, (real)s, A, lda, B, ldb, NULL, (real)keep, out, ldo);
  else BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, k, P, n, s, A, lda, B, ldb, keep, out, ldo);
}

void X(combine)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, double keep,
                real *out, size_t ldo) {
  if (!n || !P) return;
  const X(kernels) *own = X(kernels_used)();
  if (!k || s == 0) keep_only(n, P, NULL, keep, out, ldo);
  else if (few(own, k, P)) own->combine(n, k, P, (real)s, A, lda, c, ldc, transposed, NULL, (real)keep, out, ldo, 0);
  else BLAS(gemm)(CblasColMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, n, P, k, s, A, lda, c, ldc, keep, out, ldo);
}

void X(inner_at)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, const size_t *at, double keep,
                 real *out, size_t ldo) {
  if (!k || !P) return;
  if (!n || s == 0) keep_only(k, P, at, keep, out, ldo);
  else X(kernels_used)()->inner(n, k, P, (real)s, A, lda, B, ldb, at, (real)keep, out, ldo);
}

void X(combine_at)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, const size_t *at,
                   double keep, real *out, size_t ldo) {
  if (!n || !P) return;
  if (!k || s == 0) keep_only(n, P, transposed ? NULL : at, keep, out, ldo);
  else X(kernels_used)()->combine(n, k, P, (real)s, A, lda, c, ldc, transposed, at, (real)keep, out, ldo, 0);
}
