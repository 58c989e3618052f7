/* Numbers with their errors, as text. */
#ifndef MOEDMFT_REPORT_NUMBER_H
#define MOEDMFT_REPORT_NUMBER_H

#include <stddef.h>

/* "0.12346 ± 0.00032": as many digits as the error makes meaningful (two of the error). */
void mdm_with_error(double value, double error, char *buf, size_t size);

#endif
