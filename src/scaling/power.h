/* Powers of the sizes of a network, with a number in front: factor D^D N^N Ne^Ne M^M K^K L^L, and their text. */
#ifndef MOEDMFT_POWER_H
#define MOEDMFT_POWER_H

#include <moedmft/error.h>
#include <stddef.h>

/* Powers of the sizes: D^D N^N Ne^Ne M^M K^K L^L. */
typedef struct mdm_power {
  double D, N, Ne, M, K, L;
  double factor; /* number in front; 0 stands for 1, so that {0} is the empty product */
} mdm_power;

/* Sizes of a network; for the limit N = 1 and the others are their ratios to N if they grow with it. */
typedef struct mdm_sizes {
  double D, N, Ne, M, K;
  double L; /* residual blocks; 0: no residual stack, powers of L are 1 */
} mdm_sizes;

/* a · b^factor. */
mdm_power mdm_power_add(mdm_power a, double factor, mdm_power b);
double mdm_power_evaluate(mdm_power p, mdm_sizes s);
/* The number in front. */
double mdm_power_factor(mdm_power p);
#define MDM_POWER_SIZE 256   /* room for the text of a power */
/* Numbers in front: their products and fourth powers stay far from overflow. */
#define MDM_FACTOR_MIN 1e-30
#define MDM_FACTOR_MAX 1e30
#define MDM_POWER_FORMS \
  "a product such as 'N^-1/2 M' of powers of D, N, Ne, M, K, L; a number from 1e-30 to 1e30, alone or in front: '0.25 D^-1/2'"
/* Reads a product of powers, "M^1/2 Ne^-1/2" or "N*D^-1"; exponents are integers, fractions or decimals. It may start with a
 * number, "0.25 D^-1/2" or "1/3*M", and may be a number alone: "1" is the empty product. MDM_ERR_CONFIG names the key, the text
 * and the allowed form. */
int mdm_power_parse(const char *key, const char *text, mdm_power *out, mdm_error *err);
/* Writes the text that mdm_power_parse reads back. */
void mdm_power_format(mdm_power p, char out[MDM_POWER_SIZE]);
/* "-1/2" for −0.5: a fraction where there is a simple one, a decimal otherwise. */
void mdm_exponent_format(double x, char *out, size_t size);

#endif
