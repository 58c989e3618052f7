/* Errors: a status code and one line that says what went wrong, where, and what to do.
 *
 * The library never prints and never exits. Every function that can fail returns a status (MDM_OK = 0) and, when the
 * caller passes a non-NULL mdm_error, writes the explanation there. The codes are also the exit codes of the program.
 */
#ifndef MOEDMFT_ERROR_H
#define MOEDMFT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum {
  MDM_OK = 0,           /* success */
  MDM_ERR_EXPECT = 1,   /* a check that was asked to hold does not (compare, coordcheck --expect) */
  MDM_ERR_USAGE = 2,    /* command line not understood */
  MDM_ERR_CONFIG = 3,   /* configuration: unknown key, value out of range, options that contradict each other or have no effect */
  MDM_ERR_DATA = 4,     /* data: missing file, wrong shape, NaN, too few samples */
  MDM_ERR_IO = 5,       /* reading or writing a file */
  MDM_ERR_DIVERGED = 6, /* training diverged; what was computed up to then is kept */
  MDM_ERR_NUMERIC = 7,  /* a numerical routine failed, or the sizes asked for are too small for the method */
  MDM_ERR_MEMORY = 8,   /* out of memory */
  MDM_ERR_INTERNAL = 9, /* a bug in moedmft */
  MDM_INTERRUPTED = 130 /* stopped by the caller (Ctrl-C); what was computed up to then is kept */
};

typedef struct mdm_error {
  int code;        /* one of the codes above */
  char text[4000]; /* one line, no newline, NUL-terminated */
} mdm_error;

/* Records a failure: stores code and the formatted text in err (err may be NULL) and returns code. */
int mdm_fail(mdm_error *err, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Short name of a status code, e.g. "data error". Never NULL. */
const char *mdm_status_name(int code);

#ifdef __cplusplus
}
#endif
#endif
