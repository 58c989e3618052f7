/* GSL calls a global handler on errors, which by default ends the program. Between these two calls it does nothing, and routines
 * return their status; afterwards the caller's own handler is back. */
#ifndef MOEDMFT_GSL_H
#define MOEDMFT_GSL_H

/* Calls nest and may come from several threads: the handler of before the first returns with the last. */
void mdm_gsl_begin(void);
void mdm_gsl_end(void);

#endif
