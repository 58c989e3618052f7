/* Which kernels this processor gets. */
#include "kernels/choose.h"

#include "base/processor.h"

const X(kernels) *X(kernels_used)(void) {
  const X(kernels) *k = NULL;
  if (mdm_vectors_used() >= MDM_VECTORS_AVX512) k = X(kernels_avx512)();
  if (!k && mdm_vectors_used() >= MDM_VECTORS_AVX2) k = X(kernels_avx2)();
  return k ? k : X(kernels_plain)();
}
