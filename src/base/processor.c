/* Which vector instructions to use. */
#include "base/processor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/error.h>

static const char *const names[MDM_VECTORS_COUNT] = {"plain", "avx2", "avx512"};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static mdm_vectors used;
static const char *asked, *wrong; /* the variable's value, and what is wrong with it */

const char *mdm_vectors_name(mdm_vectors v) { return names[v]; }

mdm_vectors mdm_vectors_supported(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return __builtin_cpu_supports("avx512f") ? MDM_VECTORS_AVX512 : MDM_VECTORS_AVX2;
#endif
  return MDM_VECTORS_PLAIN;
}

static void choose(void) {
  used = mdm_vectors_supported();
  asked = getenv(MDM_VECTORS_VARIABLE);
  if (!asked || !*asked) return;
  int v = 0;
  while (v < MDM_VECTORS_COUNT && strcmp(asked, names[v]) != 0) v++;
  if (v == MDM_VECTORS_COUNT) wrong = "allowed: plain, avx2, avx512";
  else if ((mdm_vectors)v > used) wrong = "this processor has no such instructions; allowed: those it has";
  else used = (mdm_vectors)v;
}

mdm_vectors mdm_vectors_used(void) {
  pthread_once(&once, choose);
  return used;
}

int mdm_vectors_check(mdm_error *err) {
  pthread_once(&once, choose);
  return wrong ? mdm_fail(err, MDM_ERR_CONFIG, "environment variable " MDM_VECTORS_VARIABLE " = '%s': %s", asked, wrong) : MDM_OK;
}
