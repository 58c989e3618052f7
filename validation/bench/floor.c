/* What this machine can do, and what a step would cost if it were nothing but its matrix products in BLAS. In single precision, on one thread, by
 * CPU time; the fastest of several rounds.
 *
 *   floor peak                          GFLOP/s of sgemm, 2048³
 *   floor stream                        GB/s of a ← b + s c over arrays of 64 MB each (reads and writes that the code names)
 *   floor step N G M D B FRACTION STEPS seconds of a step of a network: W_in (N × D), Q (N × M), W1 and W2 (N × G), B tokens; with FRACTION < 1
 *                                       every expert (G / M neurons) takes that fraction of the tokens, which lie side by side already
 *   floor thin n k P                    GFLOP/s of n × k particles against P tokens: inner and combine by BLAS, inner and combine of moedmft
 *
 * validation/bench/bench.py calls it; `make bench` builds it. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/products.h"

enum { ROUNDS = 7 };

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *filled(size_t n) {
  float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
  if (!x) fprintf(stderr, "floor: out of memory\n"), exit(1);
  for (size_t i = 0; i < n; i++) x[i] = ((float)rand() / (float)RAND_MAX - 0.5f) * 1e-2f;
  return x;
}

/* ---------------------------------------------------------------- ceilings */

static double peak(void) {
  enum { N = 2048 };
  float *A = filled(N * N), *B = filled(N * N), *C = filled(N * N);
  double best = 0;
  for (int r = 0; r < ROUNDS; r++) {
    double before = cpu();
    cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, A, N, B, N, 0, C, N);
    double g = 2e-9 * N * N * N / (cpu() - before);
    if (g > best) best = g;
  }
  free(A), free(B), free(C);
  return best;
}

static double stream(void) {
  const size_t n = 16 << 20;
  float *a = filled(n), *b = filled(n), *c = filled(n);
  double best = 0;
  for (int r = 0; r < ROUNDS; r++) {
    double before = cpu();
    for (size_t i = 0; i < n; i++) a[i] = b[i] + 0.5f * c[i];
    double g = 1e-9 * 3 * sizeof *a * (double)n / (cpu() - before);
    if (g > best && a[n / 2] != 1) best = g;
  }
  free(a), free(b), free(c);
  return best;
}

/* ---------------------------------------------------------------- a step of a network */

/* X: N × B, Y: k × B, A: N × k. Forward and backward product and step of one matrix. */
static void products(int N, int k, int B, int backward, float *A, float *X, float *Y) {
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, k, B, N, 1e-3f, A, N, X, N, 0, Y, k);
  if (backward) cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, N, B, k, 1e-3f, A, N, Y, k, 0, X, N);
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, N, k, B, 1e-6f, X, N, Y, k, 1, A, N);
}

static double step(int N, int G, int M, int D, int B, double fraction, int steps) {
  size_t n = (size_t)N, widest = (size_t)(G > M ? G : M) > (size_t)D ? (size_t)(G > M ? G : M) : (size_t)D;
  float *in = filled(n * (size_t)D), *Q = filled(n * (size_t)M), *W1 = filled(n * (size_t)G), *W2 = filled(n * (size_t)G);
  float *X = filled(n * (size_t)B), *Y = filled(widest * (size_t)B);
  int parts = fraction < 1 ? M : 1, tokens = fraction < 1 ? (int)(B * fraction + 0.5) : B;
  double best = 0;
  for (int r = 0; r < 3; r++) {
    double before = cpu();
    for (int s = 0; s < steps; s++) {
      products(N, D, B, 0, in, X, Y);
      products(N, M, B, 1, Q, X, Y);
      for (int m = 0; m < parts && tokens; m++) {
        size_t at = n * (size_t)(G / parts) * (size_t)m;
        products(N, G / parts, tokens, 1, W1 + at, X, Y);
        products(N, G / parts, tokens, 1, W2 + at, X, Y);
      }
    }
    double seconds = (cpu() - before) / steps;
    if (!r || seconds < best) best = seconds;
  }
  free(in), free(Q), free(W1), free(W2), free(X), free(Y);
  return best;
}

/* ---------------------------------------------------------------- thin products */

static void multiply(int what, int n, int k, int P, const float *A, float *X, float *Y) {
  if (what == 0) cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, k, P, n, 1e-3f, A, n, X, n, 0, Y, k);
  if (what == 1) cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, P, k, 1e-3f, A, n, Y, k, 0, X, n);
  if (what == 2) inner_f32((size_t)n, (size_t)k, (size_t)P, 1e-3, A, (size_t)n, X, (size_t)n, 0, Y, (size_t)k);
  if (what == 3) combine_f32((size_t)n, (size_t)k, (size_t)P, 1e-3, A, (size_t)n, Y, (size_t)k, 0, 0, X, (size_t)n);
}

static void thin(int n, int k, int P) {
  size_t a = (size_t)n * (size_t)k, copies = (8 << 20) / sizeof(float) / a + 1; /* together they fill 8 MB: no product finds its factor in L2 */
  float *A = filled(copies * a), *X = filled((size_t)n * (size_t)P), *Y = filled((size_t)k * (size_t)P);
  double best[4] = {0}, flops = 2.0 * (double)a * P;
  size_t calls = (size_t)(2e8 / flops) + 1;
  for (int r = 0; r < ROUNDS; r++)
    for (int what = 0; what < 4; what++) {
      double before = cpu();
      for (size_t i = 0; i < calls; i++) multiply(what, n, k, P, A + a * (i % copies), X, Y);
      double g = 1e-9 * flops * (double)calls / (cpu() - before);
      if (g > best[what]) best[what] = g;
    }
  printf("%.1f %.1f %.1f %.1f\n", best[0], best[1], best[2], best[3]);
  free(A), free(X), free(Y);
}

int main(int argc, char **argv) {
  double x[7] = {0};
  openblas_set_num_threads(1);
  for (int i = 2; i < argc && i < 9; i++) x[i - 2] = atof(argv[i]);
  if (argc == 2 && !strcmp(argv[1], "peak")) printf("%.1f\n", peak());
  else if (argc == 2 && !strcmp(argv[1], "stream")) printf("%.1f\n", stream());
  else if (argc == 9 && !strcmp(argv[1], "step")) printf("%.6g\n", step((int)x[0], (int)x[1], (int)x[2], (int)x[3], (int)x[4], x[5], (int)x[6]));
  else if (argc == 5 && !strcmp(argv[1], "thin")) thin((int)x[0], (int)x[1], (int)x[2]);
  else return fprintf(stderr, "usage: floor peak | stream | step N G M D B FRACTION STEPS | thin n k P\n"), 2;
  return 0;
}
