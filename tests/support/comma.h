/* A locale whose decimal mark is a comma, as the program that calls the library may have chosen one. */
#ifndef MOEDMFT_TESTS_COMMA_H
#define MOEDMFT_TESTS_COMMA_H

/* Chooses it for this thread; 0, with a line that says so, where there is none and none can be made. */
int enter_comma(void);
/* Back to the locale before enter_comma succeeded. */
void leave_comma(void);

#endif
