/* What was built and with what: the answers behind --version and the provenance attributes. */
#include <moedmft/version.h>

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>

#include "file/buildinfo.h"

const char *mdm_version(void) { return MDM_VERSION; }
const char *mdm_commit(void) { return MDM_COMMIT; }
int mdm_dirty(void) { return MDM_DIRTY; }
const char *mdm_sources(void) { return MDM_SOURCES; }

const char *mdm_compiler(void) {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

static char blas_text[256];
static void describe_blas(void) {
  snprintf(blas_text, sizeof blas_text, "%s; kernel %s", openblas_get_config(), openblas_get_corename());
}

const char *mdm_blas(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, describe_blas);
  return blas_text;
}
