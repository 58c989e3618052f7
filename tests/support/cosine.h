/* The built-in cosine set at its defaults, written out: P samples of D inputs and one target. */
#ifndef MOEDMFT_TESTS_COSINE_H
#define MOEDMFT_TESTS_COSINE_H

#include <stddef.h>

enum { P = 4, D = 6 };

extern const double cosine_target[P];

/* Inputs of sample m: √2 cos(1.7 (m + 1)(d + 1) + 0.3 m). */
void cosine_input(size_t m, double x[D]);

/* Gram matrix x_m·x_n/D. */
double cosine_gram(size_t m, size_t n);

#endif
