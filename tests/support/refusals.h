/* Command lines that are refused, with nothing lost: what a run must not touch lies in the folder under the name earlier.h5. */
#ifndef MOEDMFT_TESTS_REFUSALS_H
#define MOEDMFT_TESTS_REFUSALS_H

#include "support/program.h"
#include "support/suite.h"

/* A command line (support/program.h), and phrases of its message (support/words.h). */
typedef struct refusal {
  const char *line, *words;
} refusal;

/* Writes earlier.h5; whether it is still as it was. */
void keep_earlier(void);
int is_untouched(void);

/* The run fails with this code and one line that mentions the words, and leaves the folder as it was. */
void refused_as(const start *how, int code, const char *words, const char *line);

/* The same for a list, each line after a common beginning. */
void refused(int code, const char *prefix, const refusal *list, size_t n);
#define REFUSED(code, prefix, list) refused(code, prefix, list, COUNT(list))

#endif
