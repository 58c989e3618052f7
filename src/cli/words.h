/* Lists in messages. */
#ifndef MOEDMFT_CLI_WORDS_H
#define MOEDMFT_CLI_WORDS_H

#include <stddef.h>

/* "a, b and c" of n words, where last is " and "; into out, cut at size. */
void words_join(const char *const *word, size_t n, const char *last, char *out, size_t size);

#endif
