/* What this machine can do, and what a step would cost if it were nothing but its matrix products in BLAS. In single precision, on one thread, by
 * CPU time; the fastest of several rounds.
 *
 *   floor peak                          GFLOP/s of sgemm, 2048³
 *   floor stream                        GB/s of a ← b + s c over arrays of 64 MB each (reads and writes that the code names)
 *   floor step N G M D B FRACTION STEPS seconds of a step of a network: W_in (N × D), Q (N × M), W1 and W2 (N × G), B tokens; with FRACTION < 1
 *                                       every expert (G / M neurons) takes that fraction of the tokens, which lie side by side already; by BLAS,
 *                                       then by moedmft's kernels, which multiply backward and step in one pass
 *   floor attention N H DK T B D STEPS  the same of W_in, W_qkv and W_O of H heads of width DK, and of their scores, B tokens in sequences of T, full attention
 *   floor thin n k P                    GFLOP/s of n × k particles against P tokens: inner and combine by BLAS, inner and combine of moedmft
 *
 * validation/bench/bench.py calls it; `make bench` builds it. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/fused.h"
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

/* What W_in is, what maps the stream to experts (Q, W1), and what maps back (W2). */
typedef enum { INPUT, TO_EXPERTS, TO_STREAM } role;

static void contract(int N, int k, int B, const float *A, const float *X, float *Y) {
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, k, B, N, 1e-3f, A, N, X, N, 0, Y, k);
}

static void expand(int N, int k, int B, const float *A, const float *Y, float *X) {
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, N, B, k, 1e-3f, A, N, Y, k, 0, X, N);
}

/* One matrix: forward and backward product, and the step. A: N × k, X and Z: N × B, Y and V: k × B. */
static void by_blas(role what, int N, int k, int B, float *A, float *X, float *Y, float *Z, float *V) {
  if (what == TO_STREAM) expand(N, k, B, A, Y, Z), contract(N, k, B, A, X, V);
  if (what == TO_EXPERTS) contract(N, k, B, A, X, V), expand(N, k, B, A, Y, Z);
  if (what == INPUT) expand(N, k, B, A, Y, Z);
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, N, k, B, 1e-6f, X, N, Y, k, 1, A, N);
}

static void by_kernels(role what, int N, int k, int B, float *A, float *X, float *Y, float *Z, float *V) {
  const size_t n = (size_t)N, g = (size_t)k, b = (size_t)B;
  if (what == TO_EXPERTS) inner_f32(n, g, b, 1e-3, A, n, X, n, 0, V, g);
  else combine_f32(n, g, b, 1e-3, A, n, Y, g, 0, 0, Z, n);
  if (what == TO_EXPERTS) expand_and_update_f32(n, g, b, 1e-3, A, n, NULL, Y, g, 0, Z, n, 1, 1e-6, X, n);
  if (what == TO_STREAM) contract_and_update_f32(n, g, b, 1e-3, A, n, NULL, X, n, V, g, 1, 1e-6, Y, g);
  if (what == INPUT) combine_f32(n, b, g, 1e-6, X, n, Y, g, 1, 1, A, n);
}

typedef void (*of_matrix)(role, int, int, int, float *, float *, float *, float *, float *);
typedef struct {
  int N, G, M, D, B, parts, tokens; /* parts: groups of experts' neurons, with so many tokens each */
  float *in, *Q, *W1, *W2, *X, *Z, *Y, *V;
} network;

static void one_step(const network *w, of_matrix matrix) {
  size_t k = (size_t)(w->G / w->parts), block = (size_t)w->N * k;
  matrix(INPUT, w->N, w->D, w->B, w->in, w->X, w->Y, w->Z, w->V);
  matrix(TO_EXPERTS, w->N, w->M, w->B, w->Q, w->X, w->Y, w->Z, w->V);
  for (size_t m = 0; m < (size_t)w->parts && w->tokens; m++) {
    matrix(TO_EXPERTS, w->N, (int)k, w->tokens, w->W1 + block * m, w->X, w->Y, w->Z, w->V);
    matrix(TO_STREAM, w->N, (int)k, w->tokens, w->W2 + block * m, w->X, w->Y, w->Z, w->V);
  }
}

static void step(int N, int G, int M, int D, int B, double fraction, int steps) {
  static const of_matrix by[2] = {by_blas, by_kernels};
  size_t n = (size_t)N, widest = (size_t)(G > M ? G : M) > (size_t)D ? (size_t)(G > M ? G : M) : (size_t)D;
  network w = {N, G, M, D, B, fraction < 1 ? M : 1, fraction < 1 ? (int)(B * fraction + 0.5) : B,
               filled(n * (size_t)D), filled(n * (size_t)M), filled(n * (size_t)G), filled(n * (size_t)G),
               filled(n * (size_t)B), filled(n * (size_t)B), filled(widest * (size_t)B), filled(widest * (size_t)B)};
  double best[2] = {1e9, 1e9};
  for (int r = 0; r < 2; r++)
    for (int which = 0; which < 2; which++) {
      double before = cpu();
      for (int s = 0; s < steps; s++) one_step(&w, by[which]);
      double seconds = (cpu() - before) / steps;
      if (seconds < best[which]) best[which] = seconds;
    }
  printf("%.6g %.6g\n", best[0], best[1]);
  free(w.in), free(w.Q), free(w.W1), free(w.W2), free(w.X), free(w.Z), free(w.Y), free(w.V);
}

/* Products of one head and sequence: scores, outputs; b and values, queries, keys and values of the backward pass. Qk, K, V, O: d × T; S: T × T. */
static void head(int d, int T, const float *Qk, const float *K, const float *V, float *O, float *S) {
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, T, T, d, 1e-3f, K, 3 * d, Qk, 3 * d, 0, S, T);
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, d, T, T, 1e-3f, V, 3 * d, S, T, 0, O, d);
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, T, T, d, 1e-3f, V, 3 * d, O, d, 0, S, T);
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, d, T, T, 1e-3f, K, 3 * d, S, T, 0, O, d);
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, d, T, T, 1e-3f, Qk, 3 * d, S, T, 0, O, d);
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, d, T, T, 1e-3f, V, 3 * d, S, T, 0, O, d);
}

static void attention(int N, int H, int d, int T, int B, int D, int steps) {
  int G = H * d, widest = D > 3 * G ? D : 3 * G;
  size_t n = (size_t)N, b = (size_t)B;
  float *in = filled(n * (size_t)D), *qkv = filled(n * 3 * (size_t)G), *out = filled(n * (size_t)G), *X = filled(n * b), *Z = filled(n * b);
  float *Y = filled((size_t)widest * b), *V = filled((size_t)widest * b), *O = filled((size_t)(d * T)), *S = filled((size_t)(T * T));
  double best = 1e9;
  for (int r = 0; r < 2; r++) {
    double before = cpu();
    for (int s = 0; s < steps; s++) {
      by_blas(INPUT, N, D, B, in, X, Y, Z, V);
      by_blas(TO_EXPERTS, N, 3 * G, B, qkv, X, Y, Z, V);
      for (int i = 0; i < H * (B / T); i++) head(d, T, Y + (size_t)(3 * d * T) * (size_t)i, Y + (size_t)(3 * d * T) * (size_t)i + d, Y + (size_t)(3 * d * T) * (size_t)i + 2 * d, O, S);
      by_blas(TO_STREAM, N, G, B, out, X, Y, Z, V);
    }
    if ((cpu() - before) / steps < best) best = (cpu() - before) / steps;
  }
  printf("%.6g\n", best);
  free(in), free(qkv), free(out), free(X), free(Z), free(Y), free(V), free(O), free(S);
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
  else if (argc == 9 && !strcmp(argv[1], "step")) step((int)x[0], (int)x[1], (int)x[2], (int)x[3], (int)x[4], x[5], (int)x[6]);
  else if (argc == 9 && !strcmp(argv[1], "attention")) attention((int)x[0], (int)x[1], (int)x[2], (int)x[3], (int)x[4], (int)x[5], (int)x[6]);
  else if (argc == 5 && !strcmp(argv[1], "thin")) thin((int)x[0], (int)x[1], (int)x[2]);
  else return fprintf(stderr, "usage: floor peak | stream | step N G M D B FRACTION STEPS | attention N H DK T B D STEPS | thin n k P\n"), 2;
  return 0;
}
