/* Standard errors of numbers that count few things (counted.c). */
#ifndef MOEDMFT_COUNTED_H
#define MOEDMFT_COUNTED_H

#include <moedmft/record.h>

/* After the reduction of n runs to their summary: runs that agree on a fraction of few samples do not say that all would, and runs in which no expert serves
 * two tokens do not say how large their kernel is where one does (networks: the runs are those of a width). Changes errors only. Of families of networks: nothing, whose numbers count nothing.
 * MDM_ERR_MEMORY. */
int mdm_counted_errors(const mdm_record *const *runs, size_t n, int networks, mdm_record *summary, mdm_error *err);

#endif
