/* Status codes and the one-line explanations that go with them. */
#include <moedmft/error.h>

#include <stdarg.h>
#include <stdio.h>

int mdm_fail(mdm_error *err, int code, const char *format, ...) {
  if (err) {
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
  }
  return code;
}

const char *mdm_status_name(int code) {
  switch (code) {
  case MDM_OK: return "ok";
  case MDM_ERR_EXPECT: return "expectation not met";
  case MDM_ERR_USAGE: return "usage error";
  case MDM_ERR_CONFIG: return "configuration error";
  case MDM_ERR_DATA: return "data error";
  case MDM_ERR_IO: return "file error";
  case MDM_ERR_DIVERGED: return "training diverged";
  case MDM_ERR_NUMERIC: return "numerical error";
  case MDM_ERR_MEMORY: return "out of memory";
  case MDM_ERR_INTERNAL: return "internal error";
  case MDM_INTERRUPTED: return "interrupted";
  default: return "unknown status";
  }
}
