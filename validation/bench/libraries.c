/* Libraries that multiply matrices, side by side on the products that moedmft is made of, in single precision on one thread.
 *
 *   libraries NAME=FILE:FUNCTION …      FUNCTION: cblas_sgemm (column-major) or dnnl_sgemm (row-major), loaded from the shared library FILE
 *
 * validation/bench/libraries.sh builds and calls it. Columns: one library each, moedmft's kernels last; GFLOP/s of the fastest of several
 * interleaved rounds, by CPU time. The arrays change from call to call, so that together they fill 8 MB: they come from the last level of the
 * cache, as in a solution. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/fused.h"
#include "kernels/products.h"
#ifdef WITH_XSMM
#include <libxsmm.h>
#endif

enum { LIBRARIES = 8, ROUNDS = 7, WORKING_SET = 8 << 20, DNNL_OK = 0 };

typedef void (*cblas_function)(enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, enum CBLAS_TRANSPOSE, int, int, int, float, const float *, int, const float *,
                               int, float, float *, int);
typedef int (*dnnl_function)(char, char, long, long, long, float, const float *, long, const float *, long, float, float *, long);

typedef struct {
  const char *name;
  cblas_function cblas;
  dnnl_function dnnl;
  int xsmm, own;
} library;

typedef enum { INNER, COMBINE, EXPAND, CONTRACT, UPDATE, BACK } kind; /* BACK: contract, then update */
typedef struct {
  kind what;
  int n, k, P;
} shape;

/* ---------------------------------------------------------------- one product by one library */

static void gemm(const library *l, int ta, int tb, int m, int n, int k, float s, const float *A, int lda, const float *B, int ldb, float beta,
                 float *C, int ldc) {
#ifdef WITH_XSMM
  if (l->xsmm && !ta) {
    const int flags = tb ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const float one = 1; /* its kernels know no other factor */
    libxsmm_smmfunction kernel = libxsmm_smmdispatch(m, n, k, &lda, &ldb, &ldc, &one, &beta, &flags, NULL);
    if (kernel) {
      kernel(A, B, C);
      return;
    }
  }
#endif
  if (l->dnnl) l->dnnl(tb ? 'T' : 'N', ta ? 'T' : 'N', n, m, k, s, B, ldb, A, lda, beta, C, ldc); /* row-major: Cᵀ = Bᵀ Aᵀ */
  else l->cblas(CblasColMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, s, A, lda, B, ldb, beta, C, ldc);
}

/* A: n × k; X: n × P; Y: k × P. */
static void multiply(const library *l, const shape *d, float *A, float *X, float *Y, float *Z) {
  int n = d->n, k = d->k, P = d->P;
  const float s = 1e-3f;
  switch (d->what) {
  case INNER:
  case CONTRACT:
    if (l->own) inner_f32(n, k, P, s, A, n, X, n, 0, Y, k);
    else gemm(l, 1, 0, k, P, n, s, A, n, X, n, 0, Y, k);
    break;
  case COMBINE:
  case EXPAND:
    if (l->own) combine_f32(n, k, P, s, A, n, Y, k, 0, 0, X, n);
    else gemm(l, 0, 0, n, P, k, s, A, n, Y, k, 0, X, n);
    break;
  case UPDATE:
    if (l->own) combine_f32(n, P, k, s, X, n, Y, k, 1, 1, A, n);
    else gemm(l, 0, 1, n, k, P, s, X, n, Y, k, 1, A, n);
    break;
  case BACK:
    if (l->own) contract_and_update_f32(n, k, P, s, A, n, NULL, X, n, Z, k, 1, s, Y, k);
    else gemm(l, 1, 0, k, P, n, s, A, n, X, n, 0, Z, k), gemm(l, 0, 1, n, k, P, s, X, n, Y, k, 1, A, n);
  }
}

/* ---------------------------------------------------------------- time */

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *filled(size_t n) {
  float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
  for (size_t i = 0; x && i < n; i++) x[i] = (float)((double)rand() / RAND_MAX - 0.5) * 1e-2f;
  return x;
}

static double gflops(const library *l, const shape *d, size_t copies, float *A, float *X, float *Y, float *Z) {
  double flops = 2.0 * d->n * d->k * d->P * (d->what == BACK ? 2 : 1);
  size_t calls = (size_t)(4e8 / flops) + 1, a = (size_t)d->n * (size_t)d->k, x = (size_t)d->n * (size_t)d->P, y = (size_t)d->k * (size_t)d->P;
  double before = cpu();
  for (size_t i = 0; i < calls; i++) multiply(l, d, A + a * (i % copies), X + x * (i % copies), Y + y * (i % copies), Z);
  return flops * (double)calls / (cpu() - before) * 1e-9;
}

static void compare(size_t count, const library *list, const shape *d) {
  static const char *const names[] = {"inner", "combine", "expand", "contract", "update", "contract+update"};
  size_t a = (size_t)d->n * (size_t)d->k, x = (size_t)d->n * (size_t)d->P, y = (size_t)d->k * (size_t)d->P;
  size_t copies = WORKING_SET / sizeof(float) / (a + x + y) + 1;
  float *A = filled(copies * a), *X = filled(copies * x), *Y = filled(copies * y), *Z = filled(y);
  double best[LIBRARIES] = {0};
  for (int r = 0; r < ROUNDS; r++)
    for (size_t i = 0; i < count; i++) {
      double g = gflops(&list[i], d, copies, A, X, Y, Z);
      if (g > best[i]) best[i] = g;
    }
  printf("| %s | %d | %d | %d |", names[d->what], d->n, d->k, d->P);
  for (size_t i = 0; i < count; i++) printf(" %.0f |", best[i]);
  printf("\n");
  fflush(stdout);
  free(A), free(X), free(Y), free(Z);
}

/* ---------------------------------------------------------------- all */

static int load(char *argument, library *l) {
  char *file = strchr(argument, '='), *function = strrchr(argument, ':');
  if (!file || !function || function < file) return fprintf(stderr, "libraries: '%s' is not NAME=FILE:FUNCTION\n", argument), 1;
  *file++ = *function++ = 0;
  void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND), *symbol = handle ? dlsym(handle, function) : NULL;
  if (!symbol) return fprintf(stderr, "libraries: %s\n", dlerror()), 1;
  *l = (library){.name = argument};
  if (strstr(function, "dnnl")) memcpy(&l->dnnl, &symbol, sizeof symbol);
  else memcpy(&l->cblas, &symbol, sizeof symbol);
  return 0;
}

int main(int argc, char **argv) {
  library list[LIBRARIES] = {{.name = "OpenBLAS", .cblas = (cblas_function)cblas_sgemm}};
  size_t count = 1;
  openblas_set_num_threads(1);
  for (int i = 1; i < argc && count < LIBRARIES - 2; i++)
    if (load(argv[i], &list[count++])) return 1;
#ifdef WITH_XSMM
  list[count++] = (library){.name = "LIBXSMM", .xsmm = 1, .cblas = (cblas_function)cblas_sgemm};
#endif
  list[count++] = (library){.name = "moedmft", .own = 1};
  printf("OpenBLAS runs its kernels for %s\n\n| product | n | k | P |", openblas_get_corename());
  for (size_t i = 0; i < count; i++) printf(" %s |", list[i].name);
  printf("\n|---|---|---|---|");
  for (size_t i = 0; i < count; i++) printf("---|");
  printf("\n");
  const int ns[] = {1000, 4000, 20000}, ks[] = {8, 30, 60}, Ps[] = {4, 10, 32, 64}, Ns[] = {512, 1024}, Gs[] = {1024, 16384}, Bs[] = {10, 64};
  for (int what = INNER; what <= COMBINE; what++)
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++)
        for (int p = 0; p < 4; p++) compare(count, list, &(shape){(kind)what, ns[i], ks[j], Ps[p]});
  for (int what = EXPAND; what <= BACK; what++)
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++)
        for (int p = 0; p < 2; p++) compare(count, list, &(shape){(kind)what, Ns[i], Gs[j], Bs[p]});
  compare(count, list, &(shape){COMBINE, 2048, 2048, 2048}); /* the ceiling */
  return 0;
}
