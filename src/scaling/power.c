/* Powers of the sizes: arithmetic, and text such as "0.25 M^1/2 Ne^-1/2".
 *
 *   power    = number | [ number (" " | "*") ] size { (" " | "*") size }
 *   number   = decimal [ "/" decimal ]
 *   decimal  = digits [ "." digits ] [ ("e" | "E") [sign] digits ]
 *   size     = ("D" | "N" | "Ne" | "M" | "K" | "L") [ "^" exponent ]
 *   exponent = [sign] digits [ "." digits ] [ "/" digits ]
 */
#include "scaling/power.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/internal.h"

/* ---------------------------------------------------------------- arithmetic */

double mdm_power_factor(mdm_power p) { return p.factor == 0 ? 1 : p.factor; }

mdm_power mdm_power_add(mdm_power a, double factor, mdm_power b) {
  return (mdm_power){a.D + factor * b.D, a.N + factor * b.N, a.Ne + factor * b.Ne,
                     a.M + factor * b.M, a.K + factor * b.K, a.L + factor * b.L,
                     mdm_power_factor(a) * pow(mdm_power_factor(b), factor)};
}

double mdm_power_evaluate(mdm_power p, mdm_sizes s) {
  double depth = s.L > 0 && p.L != 0 ? pow(s.L, p.L) : 1;
  return pow(s.D, p.D) * pow(s.N, p.N) * pow(s.Ne, p.Ne) * pow(s.M, p.M) * pow(s.K, p.K) * depth * mdm_power_factor(p);
}

/* ---------------------------------------------------------------- symbols */

enum { SYMBOLS = 6, DIGITS_MAX = 15, DENOMINATOR_MAX = 64 };

static const char *const symbols[SYMBOLS] = {"D", "N", "Ne", "M", "K", "L"};

static double *member(mdm_power *p, int symbol) {
  double *const members[SYMBOLS] = {&p->D, &p->N, &p->Ne, &p->M, &p->K, &p->L};
  return members[symbol];
}

/* ---------------------------------------------------------------- reading */

/* Digits as a number; *count receives how many. No locale is involved. */
static double read_digits(const char **s, int *count) {
  double x = 0;
  for (*count = 0; **s >= '0' && **s <= '9'; ++*s, ++*count) x = 10 * x + (**s - '0');
  return x;
}

/* 0 when *s does not start with an exponent. */
static int read_exponent(const char **s, double *out) {
  int whole, fraction = 0, below;
  double sign = **s == '-' ? -1 : 1;
  if (**s == '-' || **s == '+') ++*s;
  *out = read_digits(s, &whole);
  if (**s == '.') {
    ++*s;
    double part = read_digits(s, &fraction);
    *out = (*out * pow(10, fraction) + part) / pow(10, fraction);
  }
  if (whole + fraction < 1 || whole + fraction > DIGITS_MAX) return 0;
  *out *= sign;
  if (**s != '/') return 1;
  ++*s;
  double divisor = read_digits(s, &below);
  if (below < 1 || below > DIGITS_MAX || divisor == 0) return 0;
  *out /= divisor;
  return 1;
}

/* Index of the size that *s starts with, the longest name first ("Ne" is not "N"); −1: none. */
static int read_symbol(const char **s) {
  int found = -1;
  size_t length = 0;
  for (int i = 0; i < SYMBOLS; i++) {
    size_t n = strlen(symbols[i]);
    if (n > length && !strncmp(*s, symbols[i], n)) found = i, length = n;
  }
  *s += length;
  return found;
}

/* Length of the decimal number that s starts with, 0: none. */
static size_t decimal_length(const char *s) {
  static const char digits[] = "0123456789";
  size_t whole = strspn(s, digits), n = whole, part = 0;
  if (s[n] == '.') {
    part = strspn(s + n + 1, digits);
    n += 1 + part;
  }
  if (whole + part == 0) return 0;
  if (s[n] != 'e' && s[n] != 'E') return n;
  size_t sign = s[n + 1] == '-' || s[n + 1] == '+', power = strspn(s + n + 1 + sign, digits);
  return power ? n + 1 + sign + power : 0;
}

/* 0 when *s does not start with a decimal number. */
static int read_decimal(const char **s, double *out) {
  char text[MDM_REAL_SIZE];
  size_t n = decimal_length(*s);
  if (n == 0 || n >= sizeof text) return 0;
  memcpy(text, *s, n);
  text[n] = '\0';
  *out = mdm_real_parse(text);
  *s += n;
  return 1;
}

/* The number in front, in range. */
static int read_factor(const char **s, double *out) {
  double divisor = 1;
  if (!read_decimal(s, out) || (**s == '/' && (++*s, !read_decimal(s, &divisor)))) return 0;
  if (divisor != 1) *out /= divisor;
  return *out >= MDM_FACTOR_MIN && *out <= MDM_FACTOR_MAX;
}

/* Passes what stands between two factors; 0: nothing does. */
static int read_separator(const char **s) {
  size_t blanks = strspn(*s, " ");
  *s += blanks;
  if (**s != '*') return blanks > 0;
  ++*s;
  return 1;
}

static int read_product(const char *s, mdm_power *out) {
  s += strspn(s, " ");
  if (*s && strchr("0123456789.", *s)) {
    if (!read_factor(&s, &out->factor)) return 0;
    if (!s[strspn(s, " ")]) return 1;
    if (!read_separator(&s)) return 0;
  }
  for (;;) {
    s += strspn(s, " ");
    int symbol = read_symbol(&s);
    double exponent = 1;
    if (symbol < 0) return 0;
    if (*s == '^' && (++s, !read_exponent(&s, &exponent))) return 0;
    *member(out, symbol) += exponent;
    if (!s[strspn(s, " ")]) return 1;
    if (!read_separator(&s)) return 0;
  }
}

int mdm_power_parse(const char *key, const char *text, mdm_power *out, mdm_error *err) {
  mdm_power p = {0};
  char shown[80];
  if (!read_product(text, &p)) {
    mdm_show(shown, sizeof shown, text, strlen(text));
    return mdm_fail(err, MDM_ERR_CONFIG, "%s = '%s' is not a power of the sizes; allowed: %s", key, shown,
                    MDM_POWER_FORMS);
  }
  *out = p;
  return MDM_OK;
}

/* ---------------------------------------------------------------- writing */

void mdm_exponent_format(double x, char *out, size_t size) {
  char text[MDM_REAL_SIZE];
  for (int d = 1; d <= DENOMINATOR_MAX; d++) {
    double numerator = round(x * d);
    if (fabs(numerator) > 1e9 || numerator / d != x) continue;
    snprintf(out, size, d > 1 ? "%.0f/%d" : "%.0f", numerator == 0 ? 0.0 : numerator, d);
    return;
  }
  mdm_real_format(x, text);
  snprintf(out, size, "%s", text);
}

void mdm_power_format(mdm_power p, char out[MDM_POWER_SIZE]) {
  size_t used = 0;
  out[0] = '\0';
  if (mdm_power_factor(p) != 1) {
    mdm_real_format(p.factor, out);
    used = strlen(out);
  }
  for (int i = 0; i < SYMBOLS; i++) {
    double x = *member(&p, i);
    char exponent[MDM_REAL_SIZE];
    if (x == 0) continue;
    mdm_exponent_format(x, exponent, sizeof exponent);
    used += (size_t)snprintf(out + used, MDM_POWER_SIZE - used, "%s%s%s%s", used ? " " : "", symbols[i],
                             x == 1 ? "" : "^", x == 1 ? "" : exponent);
  }
  if (!used) snprintf(out, MDM_POWER_SIZE, "1");
}
