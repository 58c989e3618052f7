/* What each test takes: processor time of this process and of the programs that it started, and time on the clock. */
#ifndef MOEDMFT_TESTS_TIMES_H
#define MOEDMFT_TESTS_TIMES_H

/* Around a test of a suite. */
void time_start(void);
void time_stop(const char *suite, const char *test);

/* Prints the n tests that took most processor time, and the sum over all. */
void time_report(int n);

#endif
