/* What messages and reports mention. */
#ifndef MOEDMFT_TESTS_WORDS_H
#define MOEDMFT_TESTS_WORDS_H

/* 1 when the text contains the part; else prints both, since CUnit shows only the expression. */
int has(const char *text, const char *part);

/* 1 when every one of the phrases, separated by '|', occurs. */
int mentions(const char *text, const char *phrases);

/* One assertion for each of the phrases. */
void check_mentions(const char *text, const char *phrases);

#endif
