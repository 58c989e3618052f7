/* Warnings of a fit. */
#include <stdarg.h>
#include <stdio.h>

#include "law/fitting.h"

void mdm_law_warn(mdm_fitting *f, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vfprintf(f->warnings.stream, format, args);
  va_end(args);
  fputc('\n', f->warnings.stream);
}
