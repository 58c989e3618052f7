/* Answers that the library gives as text. */
#ifndef MOEDMFT_CLI_ANSWER_H
#define MOEDMFT_CLI_ANSWER_H

/* Prints and frees text (NULL: nothing to print); returns status, which tells why there is none. */
int answer_print(int status, char *text);

#endif
