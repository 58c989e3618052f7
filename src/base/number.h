/* Numbers as text and back, whatever the locale of the calling program: a point is the decimal mark. */
#ifndef MOEDMFT_NUMBER_H
#define MOEDMFT_NUMBER_H

#include <locale.h>

#define MDM_REAL_SIZE 40 /* room for the text of a real */

/* Numbers of this thread have a decimal point from mdm_locale_enter until mdm_locale_leave. */
typedef struct mdm_locale {
  locale_t own, previous;
} mdm_locale;
mdm_locale mdm_locale_enter(void);
void mdm_locale_leave(mdm_locale l);

/* Shortest decimal text that reads back as x. */
void mdm_real_text(double x, char out[MDM_REAL_SIZE]);
/* strtod with a decimal point. */
double mdm_real_parse(const char *text);
/* The whole part of x, which may come from a file and be anything: NaN is 0, what is beyond ±2^53 becomes that. */
long mdm_real_whole(double x);
/* x rounded to so many significant decimal digits (at most 17). */
double mdm_real_round(double x, int digits);

#endif
