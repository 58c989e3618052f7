/* Time that passes, for measuring how long things take. */
#ifndef MOEDMFT_CLOCK_H
#define MOEDMFT_CLOCK_H

/* Seconds since some fixed moment; never goes back. */
double mdm_clock(void);
/* Seconds of processor time that the calling thread has used. */
double mdm_clock_of_thread(void);

#endif
