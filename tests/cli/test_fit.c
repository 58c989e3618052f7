/* moedmft fit from the command line: tables, files of the program, answers, refusals. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/error.h>

#include "support/folder.h"
#include "support/near.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/suite.h"
#include "support/words.h"

/* Runs of the law 1.7 + 400/N^0.35 + 2000/D^0.37, one in three a thousandth higher, one a thousandth lower. */
static void write_runs(const char *name) {
  char text[8000] = "# runs\nN,D,loss,note\n";
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 6; j++) {
      double N = 1e7 * pow(3, i), D = 1e9 * pow(3, j), loss = (1.7 + 400 * pow(N, -0.35) + 2000 * pow(D, -0.37)) * (1 + 1e-3 * ((i + 2 * j) % 3 - 1));
      sprintf(text + strlen(text), "%.10g,%.10g,%.10g,run %d\n", N, D, loss, 6 * i + j);
    }
  spit_text(name, text);
}

/* The number behind "name": in a part of a text; NaN: none. */
static double number_in(const char *text, const char *part, const char *name) {
  char key[80];
  const char *at = strstr(text, part);
  snprintf(key, sizeof key, "\"%s\": ", name);
  at = at ? strstr(at, key) : NULL;
  return at ? strtod(at + strlen(key), NULL) : NAN;
}

static void test_answers(void) {
  static char first[sizeof ((result *)0)->out];
  write_runs("runs.csv");
  const result *r = run("fit @/runs.csv --law hoffmann --format json --bootstrap 40 --starts 8 -t 1 --predict N=1e9,D=1e11 --budget C=1e21");
  CU_ASSERT(r->code == 0 && !*r->err);
  snprintf(first, sizeof first, "%s", r->out);
  check_near("E", number_in(first, "\"E\"", "value"), 1.7, 0.02);
  check_near("alpha", number_in(first, "\"alpha\"", "value"), 0.35, 0.02);
  CU_ASSERT(number_in(first, "\"B\"", "low") < 2000 && number_in(first, "\"B\"", "high") > 2000 && number_in(first, "\"B\"", "profile_low") < 2000);
  check_near("prediction", number_in(first, "\"predictions\"", "value"), 1.7 + 400 * pow(1e9, -0.35) + 2000 * pow(1e11, -0.37), 0.01);
  check_near("best N D", 6 * number_in(first, "\"N\": {", "value") * number_in(first, "\"D\": {", "value"), 1e21, 1e13);
  check_mentions(first, "\"runs\": 48|\"delta\": 0.001|\"of\": \"runs\"|\"column\": \"N\"|\"warnings\": []|closed form");
  r = run("fit @/runs.csv --law hoffmann --format json --bootstrap 40 --starts 8 -t 2 --predict N=1e9,D=1e11 --budget C=1e21");
  CU_ASSERT_STRING_EQUAL(r->out, first);
  r = run("fit @/runs.csv --law hoffmann --format json --bootstrap 40 --starts 8 --seed 2 --predict N=1e9,D=1e11 --budget C=1e21");
  CU_ASSERT(strcmp(r->out, first) && number_in(r->out, "\"E\"", "value") == number_in(first, "\"E\"", "value"));
  r = run("fit @/runs.csv --law hoffmann --bootstrap 0 --starts 8 --delta 0.1");
  CU_ASSERT(r->code == 0);
  check_mentions(r->out, "Hoffmann et al. 2022|48 runs|8 of 8 starts agree|95 % by profile|delta 0.1|extrapolation|N_exponent");
}

/* Formulas, and what is said of parameters that the runs do not tell. */
static void test_formulas(void) {
  write_runs("runs.csv");
  const result *r = run("fit @/runs.csv --law ~loss = E + A/N^p + B*D^-q~ --bound p=0:1 --bound q=0:1 --fix E=1.7 --bootstrap 0 --format json");
  CU_ASSERT(r->code == 0);
  check_near("p", number_in(r->out, "\"p\"", "value"), 0.35, 0.01);
  check_mentions(r->out, "\"law\": \"expression\"|\"fixed\": true");
  r = run("fit @/runs.csv --law ~E + A/N^p + B*C*D^-q~ --start A=100:1000 --start p=0.3 --starts 12 --bootstrap 0");
  CU_ASSERT(r->code == 0);
  check_mentions(r->out, "B is not identified|C is not identified|singular");
}

/* Sweeps and comparisons: the limit is theirs. */
static void test_own_files(void) {
  static const char *const lines[] = {"compare - -q -o @/a.h5 -s simulate.widths=[8,16,32,64] ", "sweep - -q -o @/a.h5 --over train.lr=0.2,0.5,1,2 -s simulate.widths=[8,16,32,64] "};
  for (size_t i = 0; i < COUNT(lines); i++) {
    succeeds("%s --force -s solve.particles=200 -s solve.replicas=3 -s train.steps=3 -s simulate.seeds=16", lines[i]);
    const result *r = run("fit @/a.h5 --law power --bootstrap 40 --starts 8 --format json");
    CU_ASSERT(r->code == 0);
    double limit = number_in(r->out, "\"L_inf\"", "value"), low = number_in(r->out, "\"L_inf\"", "low"), high = number_in(r->out, "\"L_inf\"", "high");
    CU_ASSERT(limit > 0 && low < limit && limit < high);
    check_mentions(r->out, "\"runs\": 4|\"of\": \"errors\"|\"fixed\": true");
    r = run("fit @/a.h5 --law power --free-limit --bootstrap 0 --starts 8 --format json");
    CU_ASSERT(r->code == 0 && !strstr(r->out, "\"fixed\": true"));
  }
  succeeds("sweep - -q --force -o @/a.h5 --over train.lr=0.2,0.5 --over model.parameterization=mup,mssp " SMALL);
  const result *r = run("fit @/a.h5 --law power");
  CU_ASSERT(r->code == MDM_ERR_DATA && mentions(r->err, "several settings|one axis"));
}

/* Networks below the limit, which L_inf + a N^-p cannot be; and a law that does not fit by its form. */
static void test_misfits(void) {
  spit_text("below.csv", "N,loss,loss_error\n16,1.25,0.01\n32,1.12,0.01\n64,1.06,0.01\n128,1.03,0.01\ninf,1.1,0.001\n");
  const result *r = run("fit @/below.csv --law power --bootstrap 0 --starts 8");
  CU_ASSERT(r->code == 0);
  check_mentions(r->out, "warning: the law does not describe the runs|chi^2 per degree of freedom is");
  r = run("fit @/below.csv --law power --free-limit --bootstrap 0 --starts 8");
  CU_ASSERT(r->code == 0 && !strstr(r->out, "does not describe"));
}

/* Losses that are not what a law of them needs, and errors that few runs do not know. */
static void test_doubtful_files(void) {
  succeeds("compare - -q -o @/a.h5 -s simulate.widths=[8,16,32,64] -s solve.particles=64 -s solve.replicas=4 -s train.steps=1 -s simulate.seeds=5");
  mdm_record *limit = read_record("a.h5", "/");
  const mdm_array *loss = mdm_record_find(limit, "observables/train/loss");
  const result *r = run("fit @/a.h5 --law power --bootstrap 0 --starts 8 --format json");
  double half = number_in(r->out, "\"L_inf\"", "value") - number_in(r->out, "\"L_inf\"", "profile_low"), two = 3.3068; /* two standard errors of four runs */
  check_near("interval of the limit", half / 1.959964, 0.5 * two * loss->error[1], 1e-4 * loss->error[1]);
  mdm_record_free(limit);
  succeeds("compare - -q --force -o @/a.h5 -s simulate.widths=[8,16,32] -s solve.particles=64 -s solve.replicas=2 -s train.steps=1 -s simulate.seeds=[5,2,5]");
  r = run("fit @/a.h5 --law power --bootstrap 0 --starts 8");
  CU_ASSERT(r->code == 0);
  check_mentions(r->out, "warning: N = 16: no standard error|weigh the same");
  succeeds("compare - -q --force -o @/a.h5 -s simulate.widths=[8,16,32] -s solve.particles=64 -s solve.replicas=2 -s train.steps=1 -s simulate.seeds=5");
  r = run("fit @/a.h5 --law power --bootstrap 0 --starts 8");
  check_mentions(r->out, "warning: the limit has no standard error|taken for exact");
  succeeds("sweep - -q --force -o @/a.h5 --over train.lr=0.05,0.1 -s simulate.widths=[8,16,32] -s solve.particles=64 -s solve.replicas=3 -s train.steps=1 -s simulate.seeds=5");
  r = run("fit @/a.h5 --law power --bootstrap 0 --starts 8");
  CU_ASSERT(r->code == 0);
  check_mentions(r->out, "warning: the losses of N = 8, N = 16, N = 32, the limit are those at an end of the grid");
  r = run("compare - -q --force -o @/a.h5 -s simulate.widths=[8,16,32] -s solve.particles=64 -s solve.replicas=3 -s train.steps=30 -s train.lr=20 -s simulate.seeds=5");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_DIVERGED);
  r = run("fit @/a.h5 --law power --bootstrap 0 --starts 8");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_DATA);
  check_mentions(r->err, "the limit diverged at step|no loss after the last one");
}

static void test_refused(void) {
  static const refusal usage[] = {
      {"", "one file|moedmft fit FILE --law"},
      {"@/runs.csv", "--law"},
      {"@/runs.csv --law hofman", "'hofman' is none of power, hoffmann"},
      {"@/runs.csv --law E+A/M^a", "no column of"},
      {"@/runs.csv --law E+*N", "character 3"},
      {"@/runs.csv --law hoffmann --delta 0", "--delta 0|positive"},
      {"@/runs.csv --law hoffmann --delta x", "--delta x"},
      {"@/runs.csv --law hoffmann --starts 0", "--starts 0"},
      {"@/runs.csv --law hoffmann --bootstrap 5", "at least 20"},
      {"@/runs.csv --law hoffmann --seed -1", "--seed -1"},
      {"@/runs.csv --law hoffmann --bound gamma=0:1", "no parameter 'gamma'|E, A, alpha, B, beta"},
      {"@/runs.csv --law hoffmann --bound alpha=1", "--bound alpha=1|NAME=LOW:HIGH"},
      {"@/runs.csv --law hoffmann --bound alpha=1:0", "LOW must be below HIGH"},
      {"@/runs.csv --law hoffmann --bound alpha=0:1 --bound alpha=0:2", "another --bound"},
      {"@/runs.csv --law hoffmann --bound alpha=0:inf", "finite"},
      {"@/runs.csv --law hoffmann --fix alpha", "NAME=VALUE"},
      {"@/runs.csv --law hoffmann --fix alpha=0.3 --start alpha=0.3", "fixed"},
      {"@/runs.csv --law hoffmann --fix alpha=0.3 --bound alpha=0:1", "fixed"},
      {"@/runs.csv --law hoffmann --start alpha=7", "outside the bounds 0:3"},
      {"@/runs.csv --law hoffmann --fix E=1 --fix A=1 --fix B=1 --fix alpha=1 --fix beta=1", "all parameters are fixed"},
      {"@/runs.csv --law hoffmann --free-limit", "--free-limit goes with --law power"},
      {"@/runs.csv --law power --free-limit", "no effect|no limit"},
      {"@/runs.csv --law hoffmann --predict N=1e9", "D is missing"},
      {"@/runs.csv --law hoffmann --predict N=1e9,D=0", "not a positive number"},
      {"@/runs.csv --law hoffmann --predict N=1e9,E=3", "unknown name|N, D"},
      {"@/runs.csv --law hoffmann --budget N=1e9", "unknown name|for C"},
      {"@/runs.csv --law power --budget C=1e9", "--budget goes with the laws hoffmann, ludziejewski and joint"},
      {"@/runs.csv --law hoffmann --format csv", "unknown format 'csv'|text, json"},
      {"@/runs.csv --law hoffmann --set seed=1", "--set"},
      {"@/runs.csv --law hoffmann -o x", "fit writes no file"},
  };
  static const refusal data[] = {{"@/runs.csv --law joint", "no column G"}, {"@/text.csv --law power", "line 3|2 fields"}, {"@/bad.csv --law power", "line 3, column N|'x'"}};
  static const refusal io[] = {{"@/none.csv --law power", "none.csv|No such file"}};
  write_runs("runs.csv");
  spit_text("text.csv", "N,D,loss\n1,2,3\n1,2\n");
  spit_text("bad.csv", "N,loss\n1,2\nx,2\n3,4\n5,6\n");
  REFUSED(MDM_ERR_USAGE, "fit ", usage);
  REFUSED(MDM_ERR_DATA, "fit ", data);
  REFUSED(MDM_ERR_IO, "fit ", io);
}

static const test_case tests[] = {
    {"answers of fit", test_answers},
    {"fits of formulas", test_formulas},
    {"fits of sweeps and comparisons", test_own_files},
    {"laws that do not describe the runs", test_misfits},
    {"files whose losses or errors are not what a law needs", test_doubtful_files},
    {"what fit refuses", test_refused},
};
SUITE_IN_FOLDER("cli/fit", tests)
