/* What threads may ask of the BLAS library. */
#include "base/blas.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>

#include "base/processor.h"

enum { SEQUENTIAL = 0, OPENMP = 2 }; /* what openblas_get_parallel returns; 1: pthreads */

int mdm_blas_enter(void) {
  int before = openblas_get_num_threads();
  openblas_set_num_threads(1);
  return before;
}

void mdm_blas_leave(int before) { openblas_set_num_threads(before); }

void mdm_blas_join(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the call also looks after buffers that all threads share */
  if (openblas_get_parallel() != OPENMP) return;
  pthread_mutex_lock(&lock);
  openblas_set_num_threads(1);
  pthread_mutex_unlock(&lock);
}

const char *mdm_blas_kernel(void) { return openblas_get_corename(); }

int mdm_blas_is_reentrant(void) { return openblas_get_parallel() != SEQUENTIAL; }

void mdm_arithmetic(char *out, size_t size) {
  snprintf(out, size, "OpenBLAS's kernel %s and vectors %s", mdm_blas_kernel(), mdm_vectors_name(mdm_vectors_used()));
}
