/* Products of tall matrices with few tokens: special cases, and the choice between BLAS and the kernels of this processor. */
#include "kernels/products.h"

#include <string.h>

#include "kernels/choose.h"

/* out (rows × cols) ← keep out */
static void keep_only(size_t rows, size_t cols, double keep, real *out, size_t ldo) {
  for (size_t t = 0; t < cols && keep != 1; t++) {
    real *to = out + ldo * t;
    if (keep == 0) memset(to, 0, rows * sizeof *to);
    else
      for (size_t i = 0; i < rows; i++) to[i] *= (real)keep;
  }
}

void X(inner)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *B, size_t ldb, double keep, real *out, size_t ldo) {
  if (!k || !P) return;
  if (!n || s == 0) keep_only(k, P, keep, out, ldo);
  else X(kernels_used)()->inner(n, k, P, (real)s, A, lda, B, ldb, (real)keep, out, ldo);
}

void X(combine)(size_t n, size_t k, size_t P, double s, const real *A, size_t lda, const real *c, size_t ldc, int transposed, double keep,
                real *out, size_t ldo) {
  if (!n || !P) return;
  if (!k || s == 0) keep_only(n, P, keep, out, ldo);
  else X(kernels_used)()->combine(n, k, P, (real)s, A, lda, c, ldc, transposed, (real)keep, out, ldo, 0);
}
