/* Numbers that agree within their standard errors. */
#ifndef MOEDMFT_TESTS_NEAR_H
#define MOEDMFT_TESTS_NEAR_H

#include <moedmft/record.h>

/* |got − expected| <= tolerance; prints all three, and what they belong to, when it is not. */
void check_near(const char *what, double got, double expected, double tolerance);

/* How far two arrays of one size are apart, over all elements. The error of an element's difference is that of both standard
 * errors combined. */
typedef struct distance {
  double largest, largest_error; /* largest difference; largest error of a difference */
  double rms, rms_error;         /* root mean squares of both */
  double size;                   /* root mean square of the first array */
} distance;
distance distance_of(const mdm_record *a, const char *path_a, const mdm_record *b, const char *path_b);

#endif
