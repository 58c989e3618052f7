/* Numbers as text and back, whatever the locale of the calling program: a point is the decimal mark. */
#ifndef MOEDMFT_NUMBER_H
#define MOEDMFT_NUMBER_H

#include <stddef.h>

#define MDM_REAL_SIZE 40 /* room for the text of a real */

/* Shortest decimal text that reads back as x. */
void mdm_real_text(double x, char out[MDM_REAL_SIZE]);
/* strtod with a decimal point. */
double mdm_real_parse(const char *text);

#endif
