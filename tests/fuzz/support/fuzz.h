/* What the harnesses share. Each defines LLVMFuzzerTestOneInput, libFuzzer's entry, and may abort where something is wrong. */
#ifndef MOEDMFT_TESTS_FUZZ_H
#define MOEDMFT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <moedmft/config.h>
#include <moedmft/error.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A file of these bytes in a folder of this process, which is removed at its end. NULL bytes: its path alone. */
const char *fuzz_file(const char *name, const void *bytes, size_t n);

/* Input that is eaten from the front; zeros behind its end. */
typedef struct input {
  const uint8_t *at, *end;
} input;
unsigned fuzz_byte(input *in);
unsigned fuzz_below(input *in, unsigned n); /* n > 0 */
/* A number out of a list of awkward ones, or a small one. */
double fuzz_number(input *in);
/* Up to most − 1 bytes, ended by a zero; the first byte eaten says how many. */
void fuzz_text(input *in, char *to, size_t most);

/* Failures say something in one line, and have one of the codes of error.h; successes are MDM_OK. Else it aborts. */
void fuzz_judge(int status, const mdm_error *err);

/* key=value, which has to be allowed. */
void fuzz_set(mdm_config *cfg, const char *key, const char *value);
/* Loads the data of cfg with some of the first `options` (at most 7) options that harnesses of data choose from, one for each bit of `chosen`; judges, and frees both. */
void fuzz_load(mdm_config *cfg, unsigned chosen, unsigned options);

#endif
