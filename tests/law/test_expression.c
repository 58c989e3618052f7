/* Formulas: what they are read as, their values and derivatives, and what is refused where. */
#include <math.h>
#include <string.h>

#include "law/evaluate.h"
#include "law/laws.h"
#include "support/near.h"
#include "support/suite.h"
#include "support/words.h"

enum { ROWS = 150 }; /* more than two blocks of rows */

static const char *const columns[] = {"N", "D", "S"};

static double data[3][ROWS];

static void fill(void) {
  for (size_t i = 0; i < ROWS; i++) data[0][i] = 10 + 3 * (double)i, data[1][i] = 500 / (1 + (double)i), data[2][i] = (double)(i % 5) / 4;
}

/* The formula on all rows, its columns by name. */
static mdm_formula bind(const mdm_expression *e) {
  const double *column[MDM_LAW_COLUMNS];
  mdm_formula f;
  size_t bad;
  fill();
  for (size_t i = 0; i < e->columns; i++)
    for (size_t j = 0; j < COUNT(columns); j++)
      if (!strcmp(e->column[i], columns[j])) column[i] = data[j];
  CU_ASSERT_EQUAL_FATAL(mdm_formula_create(e, ROWS, column, &f, &bad, NULL), MDM_OK);
  return f;
}

static mdm_expression parse(const char *text) {
  mdm_expression e;
  mdm_error err = {0};
  int status = mdm_expression_parse(text, columns, COUNT(columns), &e, &err);
  if (status) printf("\n  %s: %s\n", text, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  return e;
}

/* Value of a formula of p = 0.7 and q = −1.3 on row i. */
static double value(const char *text, size_t i) {
  double x[MDM_LAW_PARAMETERS], v[ROWS];
  mdm_expression e = parse(text);
  for (size_t k = 0; k < e.parameters; k++) x[k] = !strcmp(e.parameter[k], "p") ? 0.7 : -1.3;
  mdm_formula f = bind(&e);
  mdm_formula_values(&f, x, v, NULL);
  mdm_formula_free(&f);
  return v[i];
}

static void test_values(void) {
  static const size_t rows[] = {0, 63, 64, 149};
  for (size_t r = 0; r < COUNT(rows); r++) {
    size_t i = rows[r];
    fill();
    double N = data[0][i], D = data[1][i], S = data[2][i], p = 0.7, q = -1.3;
    const struct {
      const char *text;
      double value;
    } cases[] = {
        {"p", p},
        {"N", N},
        {"p + q*2 - 3/4", p + q * 2 - 0.75},
        {"p - 1 - 2", p - 3},
        {"p/2/2*3", p / 4 * 3},
        {"-N^2 + p", -N * N + p},
        {"p*2^3^2", p * 512},
        {"(-2)^2*p", 4 * p},
        {"L = p + q/N^p", p + q / pow(N, p)},
        {"p*N^-p + q*D^-2", p * pow(N, -p) + q / (D * D)},
        {"p ** 2 + N**q", p * p + pow(N, q)},
        {"exp(p*q) + log(N) + ln(D) + sqrt(p)", exp(p * q) + log(N) + log(D) + sqrt(p)},
        {"(N/D)^(p + q*S)", pow(N / D, p + q * S)},
        {"p*S^2 + q*S + .5e1", p * S * S + q * S + 5},
        {" ( ( p ) ) ", p},
        {"p - -q", p + q},
        {"log(exp(p*S))", p * S},
    };
    for (size_t c = 0; c < COUNT(cases); c++) check_near(cases[c].text, value(cases[c].text, i), cases[c].value, 1e-12 * (1 + fabs(cases[c].value)));
  }
}

/* Derivatives agree with differences, for every law that has a name and for all operations. */
static void check_derivatives(const char *text, const char *const *names, size_t n) {
  mdm_expression e;
  double x[MDM_LAW_PARAMETERS], v[ROWS], up[ROWS], down[ROWS], slope[ROWS * MDM_LAW_PARAMETERS];
  const double *column[MDM_LAW_COLUMNS];
  mdm_formula f;
  size_t bad;
  CU_ASSERT_EQUAL_FATAL(mdm_expression_parse(text, names, n, &e, NULL), MDM_OK);
  fill();
  for (size_t i = 0; i < e.columns; i++) column[i] = data[i % 2];
  for (size_t k = 0; k < e.parameters; k++) x[k] = 0.3 + 0.07 * (double)k + (!strcmp(e.parameter[k], "E_max") ? 50 : 0);
  CU_ASSERT_EQUAL_FATAL(mdm_formula_create(&e, ROWS, column, &f, &bad, NULL), MDM_OK);
  mdm_formula_values(&f, x, v, slope);
  for (size_t k = 0; k < e.parameters; k++) {
    double h = 1e-5, before = x[k];
    x[k] = before + h, mdm_formula_values(&f, x, up, NULL);
    x[k] = before - h, mdm_formula_values(&f, x, down, NULL);
    x[k] = before;
    for (size_t i = 0; i < ROWS; i++) {
      double difference = (up[i] - down[i]) / (2 * h), got = slope[i * e.parameters + k];
      if (fabs(got - difference) > 1e-6 * (fabs(difference) + fabs(v[i]))) check_near(e.parameter[k], got, difference, 1e-6 * (fabs(difference) + fabs(v[i])));
    }
  }
  mdm_formula_free(&f);
}

static void test_derivatives(void) {
  static const char *const names[] = {"N", "D"};
  static const char *const own[] = {"p + q/N^r - s*D", "(p + N)^2/(q + D) - sqrt(r*N + s)", "exp(-p*log(N)) * log(q + D)/r", "p*N^q*N^q + q*q"};
  for (size_t i = 0; mdm_law_at(i); i++) {
    const mdm_law *law = mdm_law_at(i);
    size_t n = 0;
    while (law->column[n]) n++;
    check_derivatives(law->formula, law->column, n);
  }
  for (size_t i = 0; i < COUNT(own); i++) check_derivatives(own[i], names, COUNT(names));
}

/* Which parameters enter linearly, and which stand in exponents. */
static void test_roles(void) {
  static const struct {
    const char *text, *linear, *exponents;
  } cases[] = {
      {"E + A/N^alpha + B*D^-beta", "E A B", "alpha beta"}, {"(a + b)*(c + d*N) + e/(f*N)", "a b e", ""}, {"a*b*N + c^2*N + sqrt(d)", "a", ""},
      {"a*exp(b*N) + log(c*N)", "a", "b"},                  {"a + (N/k)^p", "a", "k p"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    mdm_expression e = parse(cases[i].text);
    int linear[MDM_LAW_PARAMETERS];
    char found[200] = "", exponents[200] = "";
    mdm_expression_linear(&e, linear);
    for (size_t k = 0; k < e.parameters; k++) {
      if (linear[k]) strcat(strcat(found, *found ? " " : ""), e.parameter[k]);
      if (e.is_exponent[k]) strcat(strcat(exponents, *exponents ? " " : ""), e.parameter[k]);
    }
    CU_ASSERT_STRING_EQUAL(found, cases[i].linear);
    CU_ASSERT_STRING_EQUAL(exponents, cases[i].exponents);
  }
}

static void test_refused(void) {
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"", "ends too early"},
      {"p +", "character 4|ends too early"},
      {"p 2", "character 3|operator is missing"},
      {"(p", "')' is missing"},
      {"p)", "character 2"},
      {"p + * 2", "character 5|a number, a name or '('"},
      {"sin(p)", "unknown function|exp, log, ln, sqrt"},
      {"p + \xce\xb1*N", "ASCII|alpha"},
      {"p = q = N", "character 7"},
      {"1e999*p", "not a number"},
      {"p\n", "control character"},
      {"a_name_of_more_than_thirty_one_letters", "31 letters"},
  };
  char deep[600] = "", many[400] = "";
  mdm_expression e;
  mdm_error err;
  for (size_t i = 0; i < COUNT(cases); i++) {
    CU_ASSERT_EQUAL(mdm_expression_parse(cases[i].text, columns, COUNT(columns), &e, &err), MDM_ERR_USAGE);
    check_mentions(err.text, cases[i].words);
  }
  for (size_t i = 0; i < 300; i++) strcat(deep, "(");
  CU_ASSERT_EQUAL(mdm_expression_parse(deep, columns, 3, &e, &err), MDM_ERR_USAGE);
  check_mentions(err.text, "nested too deeply");
  for (int i = 0; i < 30; i++) sprintf(many + strlen(many), "%sp%d", i ? "+" : "", i);
  CU_ASSERT_EQUAL(mdm_expression_parse(many, columns, 3, &e, &err), MDM_ERR_USAGE);
  check_mentions(err.text, "too many names");
}

static const test_case tests[] = {
    {"formulas have the values that they say", test_values},
    {"derivatives agree with differences", test_derivatives},
    {"linear parameters and exponents are told apart", test_roles},
    {"what is no formula is refused with its place", test_refused},
};
SUITE("law/expression", tests)
