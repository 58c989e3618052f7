/* Do two threads get each other's buffers from this OpenBLAS?
 *
 *   cc -O2 validation/blas_buffers.c -o out/blas_buffers $(pkg-config --cflags --libs openblas) -lpthread -lm
 *   LD_LIBRARY_PATH=FOLDER out/blas_buffers      FOLDER: holds the libopenblas.so.0 of another flavour
 *
 * Each thread repeats one product of its own; results that differ from its first are counted. Exit status: 0 when none does.
 */
#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { N = 120, CALLS = 300000, THREADS = 2 };

typedef struct {
  float A[N * N], C[N * N], first[N * N];
  int wrong;
} own;

static void *repeat(void *context) {
  own *w = context;
  for (int i = 0; i <= CALLS; i++) {
    cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, N, N, 1, w->A, N, 0, w->C, N);
    if (!i) memcpy(w->first, w->C, sizeof w->C);
    w->wrong += memcmp(w->first, w->C, sizeof w->C) != 0;
  }
  return NULL;
}

int main(void) {
  static own w[THREADS];
  pthread_t thread[THREADS];
  int wrong = 0;
  openblas_set_num_threads(1);
  for (int t = 0; t < THREADS; t++) {
    for (int i = 0; i < N * N; i++) w[t].A[i] = sinf((float)(i + 1000 * t));
    pthread_create(&thread[t], NULL, repeat, &w[t]);
  }
  for (int t = 0; t < THREADS; t++) {
    pthread_join(thread[t], NULL);
    wrong += w[t].wrong;
  }
  printf("%s: %d of %d products wrong\n", openblas_get_config(), wrong, THREADS * CALLS);
  return wrong != 0;
}
