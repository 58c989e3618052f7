/* How much memory there is, and that no run takes more. */
#ifndef MOEDMFT_CLI_MEMORY_H
#define MOEDMFT_CLI_MEMORY_H

#include <moedmft/error.h>

#include "cli/arguments.h"

/* Bytes of memory that are free or can be freed, which this process may take from now on and no more. Memory that the machine does
 * not have is then refused, which we report, rather than granted and punished by a kill. From then on large arrays go back to the system when
 * they are freed. */
double memory_claim(void);
/* Bytes that this process holds now, the program, its libraries and the data among them, with what the libraries take when they work. */
double memory_held(void);
/* Threads that take of it at a time: those of all ranks on this node; threads: of each, as given (0: one per processor). */
int memory_threads(int threads);
/* Tells how many bytes a run needs, and on the disk where `output` is to stand (NULL: nowhere) at most, as checkpoints hold parts of what is in memory;
 * then memory_check. need: 0: not known. */
int memory_announce(const arguments *a, const char *output, double need, double have, mdm_error *err);
/* MDM_ERR_MEMORY when a run needs more bytes than there are; err says what to lower. */
int memory_check(double need, double have, mdm_error *err);

#endif
