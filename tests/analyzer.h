/* What the analyzers of `make analyze` cannot see, as they look at one file at a time: failures are told by these functions, which never
 * return MDM_OK. Included before every file but those that define them. */
#ifndef MOEDMFT_TESTS_ANALYZER_H
#define MOEDMFT_TESTS_ANALYZER_H

#include <moedmft/error.h>

#include "base/memory.h"

static inline int analyzer_code(int code) {
  if (code == MDM_OK) __builtin_unreachable();
  return code;
}

#define mdm_fail(...) analyzer_code((mdm_fail)(__VA_ARGS__))
#define mdm_no_memory(...) analyzer_code((mdm_no_memory)(__VA_ARGS__))

#endif
