/* Which vector instructions to use. */
#include "base/processor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[MDM_VECTORS_COUNT] = {"plain", "avx2", "avx512"};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static mdm_vectors used;
static const char *wrong;

const char *mdm_vectors_name(mdm_vectors v) { return names[v]; }

mdm_vectors mdm_vectors_supported(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return __builtin_cpu_supports("avx512f") ? MDM_VECTORS_AVX512 : MDM_VECTORS_AVX2;
#endif
  return MDM_VECTORS_PLAIN;
}

static void choose(void) {
  const char *asked = getenv(MDM_VECTORS_VARIABLE);
  used = mdm_vectors_supported();
  if (!asked || !*asked) return;
  int v = 0;
  while (v < MDM_VECTORS_COUNT && strcmp(asked, names[v]) != 0) v++;
  if (v == MDM_VECTORS_COUNT) wrong = "is none of: plain, avx2, avx512";
  else if ((mdm_vectors)v > used) wrong = "asks for instructions that this processor lacks";
  else used = (mdm_vectors)v;
}

mdm_vectors mdm_vectors_used(void) {
  pthread_once(&once, choose);
  return used;
}

const char *mdm_vectors_check(void) {
  pthread_once(&once, choose);
  return wrong;
}
