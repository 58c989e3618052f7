/* Fits of runs whose law is known: recovery, intervals, robustness, warnings, optima. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/law.h>

#include "base/random.h"
#include "law/runs.h"
#include "support/near.h"
#include "support/suite.h"
#include "support/words.h"

/* The coefficients reported for Zhao et al. 2025 (a secondary source), by name as in docs/laws.md. */
enum { e, f, m, n, k, h, a, alpha, b, beta, c, epsilon, JOINT };
static const char *const joint_names[JOINT] = {"e", "f", "m", "n", "k", "h", "a", "alpha", "b", "beta", "c", "epsilon"};
static const double joint[JOINT] = {0.1577, 7.2446, 5.1395, -3.2363, 0.0013, 0.0450, 38.051, 0.2383, 27129.05, 0.4694, 31.096, 1.8182};

static double joint_loss(double N, double D, double N_a, double G, double S) {
  const double *q = joint;
  return (q[e] * G + q[f] / G + q[m] * S * S + q[n] * S) * (pow(N, -q[alpha]) + q[k] * pow(N_a, -q[alpha]) + q[h] * N_a / N) + q[a] * pow(N, -q[alpha]) +
         q[b] * pow(D, -q[beta]) + q[c] * pow(N_a, -q[alpha]) + q[epsilon];
}

static double hoffmann_loss(double N, double D) { return 1.8172 + 482.01 * pow(N, -0.3478) + 2085.43 * pow(D, -0.3658); }

/* Numbers in (0, 1), and from the normal distribution: rows of each of so many columns. */
static double *draw(uint64_t seed, size_t columns, size_t rows, int normal) {
  double *out = malloc(columns * rows * sizeof *out);
  uint64_t *word = malloc(rows * sizeof *word);
  CU_ASSERT_FATAL(out && word);
  for (size_t j = 0; j < columns; j++) {
    mdm_stream s = {.seed = seed, .purpose = MDM_DRAW_BOOTSTRAP, .run = 77 + (uint32_t)normal};
    if (normal) mdm_normals(s, j, rows, out + j * rows);
    else mdm_words(s, j, rows, word);
    for (size_t i = 0; !normal && i < rows; i++) out[j * rows + i] = ((double)(word[i] >> 12) + 0.5) / (double)(1ull << 52);
  }
  free(word);
  return out;
}

static mdm_law_runs *table(size_t columns, const char *const *name) {
  mdm_law_runs *r;
  CU_ASSERT_EQUAL_FATAL(mdm_law_runs_create("runs", columns, (char *const *)name, &r, NULL), MDM_OK);
  return r;
}

static double span(double u, double low, double high) { return low * pow(high / low, u); }

static mdm_law_runs *joint_runs(uint64_t seed, size_t rows, double noise) {
  static const char *const names[] = {"N", "D", "N_a", "G", "S", "loss"};
  mdm_law_runs *r = table(6, names);
  double *u = draw(seed, 5, rows, 0), *z = draw(seed, 1, rows, 1);
  for (size_t i = 0; i < rows; i++) {
    double N_a = span(u[i], 1e7, 2e9), N = N_a * span(u[rows + i], 1, 30), D = span(u[2 * rows + i], 1e9, 5e11), G = 1 + floor(20 * u[3 * rows + i]),
           S = floor(5 * u[4 * rows + i]) / 5;
    mdm_law_runs_add(r, 0, (double[]){N, D, N_a, G, S, joint_loss(N, D, N_a, G, S) * exp(noise * z[i])}, NULL);
  }
  free(u), free(z);
  return r;
}

static mdm_law_runs *hoffmann_runs(uint64_t seed, size_t rows, double noise) {
  static const char *const names[] = {"N", "D", "loss"};
  mdm_law_runs *r = table(3, names);
  double *u = draw(seed, 2, rows, 0), *z = draw(seed, 1, rows, 1);
  for (size_t i = 0; i < rows; i++) {
    double N = span(u[i], 5e7, 1.5e10), D = span(u[rows + i], 1e9, 5e11);
    mdm_law_runs_add(r, 0, (double[]){N, D, hoffmann_loss(N, D) * exp(noise * z[i])}, NULL);
  }
  free(u), free(z);
  return r;
}

/* Widths 16, 32, … and the limit 0.25 + 1.5/N, with errors. */
static mdm_law_runs *power_runs(uint64_t seed, size_t rows, double noise) {
  static const char *const names[] = {"N", "loss", "loss_error"};
  mdm_law_runs *r = table(3, names);
  double *z = draw(seed, 1, rows + 1, 1);
  for (size_t i = 0; i < rows; i++) {
    double N = 16 * pow(2, (double)i), loss = 0.25 + 1.5 / N;
    mdm_law_runs_add(r, 0, (double[]){N, loss * (1 + noise * z[i]), noise * loss}, NULL);
  }
  r->limit = 0.25 * (1 + noise * z[rows]), r->limit_error = noise * 0.25;
  free(z);
  return r;
}

static mdm_law_fit *fit(const mdm_law_runs *r, mdm_law_options o) {
  mdm_law_fit *out;
  mdm_error err = {0};
  if (!o.threads) o.threads = 1;
  int status = mdm_law_fit_compute(r, &o, &out, &err);
  if (status) printf("\n  %s\n", err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  return out;
}

static const mdm_law_parameter *parameter(const mdm_law_fit *x, const char *name) {
  for (size_t i = 0; i < x->parameters; i++)
    if (!strcmp(x->parameter[i].name, name)) return &x->parameter[i];
  CU_FAIL_FATAL("no such parameter");
  return NULL;
}

static mdm_law_number best(const mdm_law_fit *x, const char *name) {
  for (size_t i = 0; i < x->bests; i++)
    if (!strcmp(x->best[i].name, name)) return x->best[i].number;
  CU_FAIL_FATAL("no such number of the optimum");
  return (mdm_law_number){0, 0, 0};
}

static int holds(mdm_law_number x, double truth) { return x.low <= truth && truth <= x.high; }

/* ---------------------------------------------------------------- recovery */

/* Without noise the law is found to many digits. k, which hardly matters, stays at its true value. */
static void test_exact(void) {
  static const char *const fixed[] = {"k=0.0013"};
  mdm_law_runs *r = joint_runs(1, 200, 0);
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "joint", .starts = 4, .fix = fixed, .fixes = 1});
  for (size_t i = 0; i < JOINT; i++) check_near(joint_names[i], parameter(x, joint_names[i])->number.value, joint[i], 1e-4 * fabs(joint[i]));
  CU_ASSERT(x->rms < 1e-8);
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
  r = hoffmann_runs(1, 60, 0);
  x = fit(r, (mdm_law_options){.law = "hoffmann", .starts = 8});
  check_near("E", parameter(x, "E")->number.value, 1.8172, 1e-6);
  check_near("beta", parameter(x, "beta")->number.value, 0.3658, 1e-6);
  CU_ASSERT(x->agreed >= 6);
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

/* Within twice the 95 % interval, some four standard errors. */
static void near_truth(const char *what, mdm_law_number x, double truth) {
  double half = truth > x.value ? x.high - x.value : x.value - x.low;
  check_near(what, x.value, truth, 2 * half);
  CU_ASSERT(half > 0);
}

/* With noise the coefficients lie about the truth, as their intervals say; k, a thousandth of its term, is no different from 0, and the best G and S are sharp. */
static void test_joint(void) {
  mdm_law_runs *r = joint_runs(3, 450, 0.001);
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "joint", .starts = 6, .resamples = 60, .seed = 1, .budget = "N=1e10,D=1e12"});
  for (size_t i = 0; i < JOINT; i++) {
    const mdm_law_parameter *p = parameter(x, joint_names[i]);
    near_truth(p->name, p->number, joint[i]);
    near_truth(p->name, (mdm_law_number){p->number.value, p->profile_low, p->profile_high}, joint[i]);
    CU_ASSERT(p->identified);
  }
  CU_ASSERT(x->agreed == 6 && !x->better && !*x->warnings && parameter(x, "k")->number.low < 0);
  near_truth("best G", best(x, "G"), sqrt(joint[f] / joint[e]));
  near_truth("best S", best(x, "S"), -joint[n] / (2 * joint[m]));
  CU_ASSERT(best(x, "G").high - best(x, "G").low < 0.5);
  check_near("rms of the residuals", x->rms, 0.001, 4 * 0.001 / sqrt(2 * 450.0));
  check_near("error at the largest", x->held_rms, 0.001, 4e-4);
  CU_ASSERT(!strcmp(x->held_column, "N") && x->held == 90);
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

/* How often 95 % intervals hold the truth: L_inf from the limit, and a, p. */
static void test_coverage(void) {
  enum { REPEATS = 120 };
  double held[3] = {0, 0, 0}, error = sqrt(0.05 * 0.95 / REPEATS);
  static const double truth[] = {0.25, 1.5, 1};
  static const char *const names[] = {"L_inf", "a", "p"};
  for (uint64_t s = 0; s < REPEATS; s++) {
    mdm_law_runs *r = power_runs(s, 5, 0.01);
    mdm_law_fit *x = fit(r, (mdm_law_options){.law = "power", .starts = 2, .resamples = 100, .seed = s});
    for (size_t i = 0; i < 3; i++) held[i] += holds(parameter(x, names[i])->number, truth[i]) / (double)REPEATS;
    mdm_law_fit_free(x);
    mdm_law_runs_free(r);
  }
  for (size_t i = 0; i < 3; i++) check_near(names[i], held[i], 0.95, 4 * error);
}

/* Profiles of a law with enough runs end where the bootstrap does, about, and runs that went wrong change little. */
static void test_robust(void) {
  mdm_law_runs *r = hoffmann_runs(5, 240, 0.004);
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "hoffmann", .starts = 4, .resamples = 120, .seed = 2});
  for (size_t i = 0; i < x->parameters; i++) {
    const mdm_law_parameter *p = &x->parameter[i];
    double ratio = (p->number.high - p->number.low) / (p->profile_high - p->profile_low);
    CU_ASSERT(p->identified && ratio > 0.7 && ratio < 1.4);
  }
  for (size_t i = 0; i < 12; i++) r->column[2].value[20 * i] *= 1.3;
  mdm_law_fit *wrong = fit(r, (mdm_law_options){.law = "hoffmann", .starts = 4});
  for (size_t i = 0; i < x->parameters; i++) {
    const mdm_law_parameter *p = &x->parameter[i];
    CU_ASSERT(fabs(log(wrong->parameter[i].number.value / p->number.value)) < log(p->number.high / p->number.low));
  }
  mdm_law_fit_free(wrong);
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

/* ---------------------------------------------------------------- settings */

/* A law by name and as a formula is one; threads change nothing; values that are given stay. */
static void test_same(void) {
  static const char *const fixed[] = {"E=1.8172"}, *const bound[] = {"alpha=0.4:0.6"}, *const at[] = {"N=1e9,D=2e10"};
  mdm_law_runs *r = hoffmann_runs(4, 100, 0.005);
  mdm_law_options o = {.law = "hoffmann", .starts = 8, .resamples = 40, .seed = 3, .predict = at, .predictions = 1, .budget = "C=1e21"};
  mdm_law_fit *x = fit(r, o);
  char *one = NULL, *two = NULL;
  CU_ASSERT_EQUAL(mdm_law_fit_format(x, "json", &one, NULL), MDM_OK);
  o.threads = 3;
  mdm_law_fit *y = fit(r, o);
  CU_ASSERT_EQUAL(mdm_law_fit_format(y, "json", &two, NULL), MDM_OK);
  CU_ASSERT_STRING_EQUAL(one, two);
  free(one), free(two);
  mdm_law_fit_free(y);
  y = fit(r, (mdm_law_options){.law = "L = E + A*N^-alpha + B*D^-beta", .starts = 16});
  for (size_t i = 0; i < x->parameters; i++) {
    double v = x->parameter[i].number.value;
    check_near(x->parameter[i].name, parameter(y, x->parameter[i].name)->number.value, v, 1e-3 * v);
  }
  mdm_law_fit_free(y);
  double law = x->prediction[0].loss.value;
  check_near("prediction", law, hoffmann_loss(1e9, 2e10), 0.01);
  CU_ASSERT(holds(x->prediction[0].loss, hoffmann_loss(1e9, 2e10)) && x->prediction[0].run_low < x->prediction[0].loss.low);
  check_near("width of where runs lie", (x->prediction[0].run_high - x->prediction[0].run_low) / law, 2 * 1.96 * 0.005, 0.008);
  mdm_law_fit_free(x);
  x = fit(r, (mdm_law_options){.law = "hoffmann", .starts = 8, .fix = fixed, .fixes = 1, .bound = bound, .bounds = 1});
  CU_ASSERT(parameter(x, "E")->fixed && parameter(x, "E")->number.value == 1.8172);
  check_near("alpha at its bound", parameter(x, "alpha")->number.value, 0.4, 1e-4);
  CU_ASSERT(mentions(x->warnings, "alpha is not identified from below|0.4"));
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

/* Runs weigh by their errors: of a constant, the weighted mean of logarithms, and its sum of squares. */
static void test_weights(void) {
  static const char *const names[] = {"N", "loss", "loss_error"};
  mdm_law_runs *r = table(3, names);
  double sum = 0, total = 0, squares = 0;
  for (int i = 0; i < 12; i++) {
    double loss = i % 3 ? 1 + 0.01 * i : 1.3, error = i % 3 ? 0.02 * loss : 0.2 * loss, w = loss * loss / (error * error);
    mdm_law_runs_add(r, 0, (double[]){1 + i, loss, error}, NULL);
    sum += w * log(loss), total += w;
  }
  for (int i = 0; i < 12; i++) squares += 0.5 * 12 / total * pow(r->column[1].value[i] / r->column[2].value[i] * (log(r->column[1].value[i]) - sum / total), 2);
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "a*N^0", .starts = 2, .delta = 10});
  check_near("weighted mean", log(parameter(x, "a")->number.value), sum / total, 1e-9);
  check_near("weighted sum", x->loss, squares, 1e-9 * squares);
  check_near("interval by the profile", log(parameter(x, "a")->profile_high) - sum / total, 1.959964 / sqrt(total) * sqrt(fmax(1, x->chi2)), 0.01 / sqrt(total));
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

/* What the runs cannot tell is said. */
static void test_unidentified(void) {
  mdm_law_runs *r = hoffmann_runs(6, 60, 0.005);
  for (size_t i = 0; i < r->rows; i++) r->column[2].value[i] *= hoffmann_loss(r->column[0].value[i], 1e10) / hoffmann_loss(r->column[0].value[i], r->column[1].value[i]), r->column[1].value[i] = 1e10;
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "hoffmann", .starts = 6});
  CU_ASSERT(!parameter(x, "B")->identified && !parameter(x, "beta")->identified && !parameter(x, "E")->identified && parameter(x, "alpha")->identified);
  CU_ASSERT(mentions(x->warnings, "B is not identified|beta is not identified"));
  mdm_law_fit_free(x);
  x = fit(r, (mdm_law_options){.law = "E + A*C/N^alpha", .starts = 6});
  CU_ASSERT(!parameter(x, "A")->identified && !parameter(x, "C")->identified && mentions(x->warnings, "singular"));
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

/* L_inf is the limit, unless it is to be free: then three parameters of few widths are known worse. */
static void test_limit(void) {
  mdm_law_runs *r = power_runs(9, 6, 0.004);
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "power", .starts = 4, .resamples = 100}), *y = fit(r, (mdm_law_options){.law = "power", .starts = 8, .resamples = 100, .free_limit = 1});
  mdm_law_number p = parameter(x, "p")->number, q = parameter(y, "p")->number, L = parameter(x, "L_inf")->number;
  CU_ASSERT(parameter(x, "L_inf")->fixed && L.value == r->limit && !parameter(y, "L_inf")->fixed);
  check_near("interval of the limit", (L.high - L.low) / 2, 1.96 * r->limit_error, 4 * 1.96 * r->limit_error * sqrt(2.8 / 100)); /* error of such quantiles */
  CU_ASSERT(holds(p, 1) && p.high - p.low < 0.8 * (q.high - q.low));
  mdm_law_fit_free(x), mdm_law_fit_free(y);
  mdm_law_runs_free(r);
}

/* ---------------------------------------------------------------- optima */

/* The smallest loss of Hoffmann's law over N at C = 6 N D, of the joint law over N_a, G and S: by looking. */
static void test_optimum(void) {
  static const char *const all[] = {"e=0.1577", "f=7.2446", "m=5.1395", "n=-3.2363", "k=0.0013", "h=0.0450", "a=38.051", "alpha=0.2383", "b=27129.05", "beta=0.4694", "c=31.096"};
  mdm_law_runs *r = hoffmann_runs(1, 60, 0);
  mdm_law_fit *x = fit(r, (mdm_law_options){.law = "hoffmann", .starts = 4, .budget = "C=1e22"});
  double N = best(x, "N").value, smallest = best(x, "loss").value;
  check_near("6 N D", 6 * N * best(x, "D").value, 1e22, 1e13);
  for (double s = -0.5; s < 0.51; s += 0.1) CU_ASSERT(hoffmann_loss(N * exp(s), 1e22 / (6 * N * exp(s))) >= smallest - 1e-6);
  check_near("loss there", hoffmann_loss(N, 1e22 / (6 * N)), smallest, 1e-6);
  check_near("exponent of N", best(x, "N_exponent").value, 0.3658 / (0.3478 + 0.3658), 1e-5);
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
  r = joint_runs(1, 60, 0);
  x = fit(r, (mdm_law_options){.law = "joint", .starts = 1, .fix = all, .fixes = COUNT(all), .budget = "N=1e10,D=1e12"});
  double G = best(x, "G").value, S = best(x, "S").value, N_a = best(x, "N_a").value;
  smallest = best(x, "loss").value;
  check_near("loss at the optimum", joint_loss(1e10, 1e12, N_a, G, S), smallest, 1e-6);
  for (double s = 0.8; s < 1.3; s += 0.1)
    CU_ASSERT(joint_loss(1e10, 1e12, N_a * s, G, S) >= smallest - 1e-6 && joint_loss(1e10, 1e12, N_a, G * s, S) >= smallest - 1e-6 && joint_loss(1e10, 1e12, N_a, G, S * s) >= smallest - 1e-6);
  double dense = best(x, "leverage").value * N_a;
  check_near("loss of the dense model", joint_loss(dense, 1e12, dense, G, S), smallest, 1e-6);
  mdm_law_fit_free(x);
  x = fit(r, (mdm_law_options){.law = "joint", .starts = 1, .fix = all, .fixes = COUNT(all), .budget = "C=1e22,N=1e10"});
  N_a = best(x, "N_a").value, smallest = best(x, "loss").value;
  for (double s = 0.7; s < 1.4; s += 0.1) CU_ASSERT(joint_loss(1e10, 1e22 / (6 * N_a * s), N_a * s, G, S) >= smallest - 1e-6);
  mdm_law_fit_free(x);
  x = fit(r, (mdm_law_options){.law = "joint", .starts = 1, .fix = all, .fixes = COUNT(all), .budget = "N_a=1e9"});
  CU_ASSERT(isnan(best(x, "N_a/N").value));
  mdm_law_fit_free(x);
  mdm_law_runs_free(r);
}

static const test_case tests[] = {
    {"without noise laws are found", test_exact},
    {"the joint law is found in noise", test_joint},
    {"95 % intervals hold the truth as often", test_coverage},
    {"profiles agree with resamples; wrong runs change little", test_robust},
    {"formulas, threads and given values", test_same},
    {"runs weigh by their errors", test_weights},
    {"what runs cannot tell is said", test_unidentified},
    {"the limit stands for L_inf", test_limit},
    {"optima are the smallest losses", test_optimum},
};
SUITE("law/fit", tests)
