/* Matched draws (matched.h). The products are small: stream × axes × inputs. */
#include "realization/matched.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "kernels/products.h"

/* Makes the columns of B (n × count) zero in the mean, and BᵀB/n the identity: B ← B L⁻ᵀ. */
static int whiten(size_t n, size_t count, real *B, mdm_error *err) {
  real *gram = mdm_alloc(count, count, 1, sizeof *gram); /* count × count */
  if (!gram) return mdm_no_memory(err, "matched draws");
  for (size_t c = 0; c < count; c++) {
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += (double)B[i + n * c] / (double)n;
    for (size_t i = 0; i < n; i++) B[i + n * c] -= (real)mean;
  }
  BLAS(syrk)(CblasColMajor, CblasLower, CblasTrans, count, n, (real)(1.0 / (double)n), B, n, 0, gram, count);
  const char *why = X(mdm_cholesky)(count, gram);
  if (!why) BLAS(trsm)(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, n, count, 1, gram, count, B, n);
  free(gram);
  return why ? mdm_fail(err, MDM_ERR_NUMERIC, "draws of %zu neurons cannot be matched in %zu directions (%s); set solve.matched: false", n, count, why) : MDM_OK;
}

/* R (n × columns) without its components along the constant and the columns of G (n × g), and as large as before on average. */
static void project(size_t n, size_t g, const real *G, size_t columns, real *R, real *work) {
  const real scale = (real)sqrt((double)n / (double)(n - g - 1));
  for (size_t c = 0; c < columns; c++) {
    double mean = 0;
    for (size_t i = 0; i < n; i++) mean += (double)R[i + n * c] / (double)n;
    for (size_t i = 0; i < n; i++) R[i + n * c] -= (real)mean;
  }
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, g, columns, n, (real)(1.0 / (double)n), G, n, R, n, 0, work, g);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, g, -1, G, n, work, g, 1, R, n);
  for (size_t i = 0; i < n * columns; i++) R[i] *= scale;
}

int X(match_particles)(size_t n, size_t D, size_t C, size_t k, const double *axes, real *W, real *G, mdm_error *err) {
  size_t g = k + C;
  real *V = mdm_alloc(D, k, 1, sizeof *V), *work = mdm_alloc(g, D, 1, sizeof *work); /* D × k; g × D */
  int status = V && work ? MDM_OK : mdm_no_memory(err, "matched draws");
  for (size_t i = 0; i < D * k && !status; i++) V[i] = (real)axes[i];
  if (!status) {
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, n, k, D, 1, W, n, V, D, 0, G, n);    /* W along the axes */
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, n, D, k, -1, G, n, V, D, 1, W, n);     /* what is left */
    memcpy(G + n * k, W + n * D, n * C * sizeof *G);
    status = whiten(n, g, G, err);
  }
  if (!status) {
    project(n, g, G, D, W, work);
    BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, n, D, k, 1, G, n, V, D, 1, W, n);
    memcpy(W + n * D, G + n * k, n * C * sizeof *G);
  }
  free(V);
  free(work);
  return status;
}

int X(match_columns)(size_t n, size_t g, const real *G, size_t columns, real *A, mdm_error *err) {
  if (columns < 2 * (g + 1)) return MDM_OK;
  real *B = mdm_alloc(columns, g, 2, sizeof *B), *drawn = B + columns * g; /* columns × g each */
  real root = (real)(1 / sqrt((double)n));
  if (!B) return mdm_no_memory(err, "matched draws");
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, columns, g, n, root, A, n, G, n, 0, drawn, columns);
  memcpy(B, drawn, columns * g * sizeof *B);
  int status = whiten(columns, g, B, err);
  for (size_t i = 0; i < columns * g && !status; i++) B[i] -= drawn[i];
  if (!status) BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, n, columns, g, root, G, n, B, columns, 1, A, n);
  free(B);
  return status;
}
