/* Numbers as text and back, whatever the locale of the calling program: a point is the decimal mark. */
#ifndef MOEDMFT_NUMBER_H
#define MOEDMFT_NUMBER_H

#include <stddef.h>

#define MDM_REAL_SIZE 40 /* room for the text of a real */

/* Shortest decimal text that reads back as x. */
void mdm_real_text(double x, char out[MDM_REAL_SIZE]);
/* A fitted power as text: "p = 0.98 +- 0.05"; "p > 3.10" where bound is 1, "p < 3.10" where it is −1; "p unknown" where it is NaN. Without
 * a name (NULL): "0.98 +- 0.05", "> 3.10", "-". */
void mdm_power_text(const char *name, double power, double error, int bound, char *buf, size_t size);
/* strtod with a decimal point. */
double mdm_real_parse(const char *text);

#endif
