/* Tables of runs: forms of CSV that are read, and what is refused in which line and column. */
#include <math.h>
#include <string.h>

#include <moedmft/law.h>

#include "law/runs.h"
#include "support/folder.h"
#include "support/suite.h"
#include "support/words.h"

static mdm_law_runs *read_text(const char *text) {
  mdm_law_runs *r;
  mdm_error err = {0};
  spit_text("runs.csv", text);
  int status = mdm_law_runs_read(in_folder("runs.csv"), &r, &err);
  if (status) printf("\n  %s\n", err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  return r;
}

static void test_forms(void) {
  static const char *const forms[] = {
      "N,D,loss\n1e6,2e9,3.5\n2e6,4e9,3.25\n",
      "\xef\xbb\xbfN,D,loss\r\n1000000,2e9,3.5\r\n2000000.0,4e9,3.25",
      "# runs\n\n N , D,\tloss \n 1e6,2e9, 3.5\n\n# between\n2e6 ,4e9,+3.25\n\n",
      "\"N\",D,loss\n\"1e6\",2e9,3.5\n2e6,\"4e9\" ,3.25\n",
      "loss,name,D,N\n3.5,\"a, \"\"b\"\"\",2e9,1e6\n3.25,,4e9,2e6\n",
  };
  for (size_t i = 0; i < COUNT(forms); i++) {
    mdm_law_runs *r = read_text(forms[i]);
    const double *N, *D, *loss;
    CU_ASSERT_EQUAL_FATAL(mdm_law_runs_count(r), 2);
    CU_ASSERT_EQUAL_FATAL(mdm_law_runs_take(r, "N", &N, NULL) || mdm_law_runs_take(r, "D", &D, NULL) || mdm_law_runs_take(r, "loss", &loss, NULL), 0);
    CU_ASSERT(N[0] == 1e6 && N[1] == 2e6 && D[0] == 2e9 && D[1] == 4e9 && loss[0] == 3.5 && loss[1] == 3.25 && isnan(r->limit));
    mdm_law_runs_free(r);
  }
  mdm_law_runs *r = read_text("N,loss,loss_error\n16,1.5,0.1\ninf,1.25,0.01\n32,1.4,0.1\n");
  CU_ASSERT(r->rows == 2 && r->limit == 1.25 && r->limit_error == 0.01);
  mdm_law_runs_free(r);
}

static void test_files_refused(void) {
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"", "runs.csv is empty|N,D,loss"},
      {"# nothing\n\n", "is empty"},
      {"N,loss\n", "no runs below its header"},
      {"N;loss\n1;2\n", "line 1|separated by commas"},
      {"N,,loss\n1,2,3\n", "line 1|column 2 has no name"},
      {"N,loss,N\n1,2,3\n", "line 1|two columns 'N'"},
      {"N,loss\n1,2\n# 3\n1\n", "line 4|1 fields|header has 2"},
      {"N,loss\n1,2,3\n", "line 2|3 fields"},
      {"N,loss\n\"1,2\n", "line 2|quote"},
      {"N,loss\n\"1\"x,2\n", "line 2|behind a closing quote"},
      {"N,loss\ninf,2\n1,2\ninf,2\n", "line 4|second row of N = inf"},
      {"N,loss\ninf,x\n1,2\n", "line 2|no finite loss"},
  };
  mdm_law_runs *r;
  mdm_error err;
  for (size_t i = 0; i < COUNT(cases); i++) {
    spit_text("runs.csv", cases[i].text);
    CU_ASSERT(mdm_law_runs_read(in_folder("runs.csv"), &r, &err) == MDM_ERR_DATA && !r);
    check_mentions(err.text, cases[i].words);
  }
  CU_ASSERT(mdm_law_runs_read(in_folder("none.csv"), &r, &err) == MDM_ERR_IO && mentions(err.text, "none.csv|No such file"));
  CU_ASSERT(mdm_law_runs_read(in_folder("."), &r, &err) == MDM_ERR_IO && mentions(err.text, "Is a directory"));
  spit("half.h5", "\211HDF\r\n\032\n and no more", 20);
  CU_ASSERT(mdm_law_runs_read(in_folder("half.h5"), &r, &err) != MDM_OK && !r && mentions(err.text, "half.h5"));
}

/* Numbers that a column cannot have, and columns that are missing, where a law asks for them. */
static void test_values_refused(void) {
  static const struct {
    const char *law, *text, *words;
  } cases[] = {
      {"hoffmann", "N,loss\n1,2\n", "no column D|its columns: N, loss"},
      {"hoffmann", "N,D\n1,2\n", "no column loss"},
      {"hoffmann", "N,D,loss\n1,2,3\n1,x,3\n", "line 3, column D|'x' is no number"},
      {"hoffmann", "N,D,loss\n1,2,3\n1,,3\n", "line 3, column D|'nothing'"},
      {"hoffmann", "N,D,loss\n1,2,3\n1,2,nan\n", "line 3, column loss|finite"},
      {"hoffmann", "N,D,loss\n1,2,3\n1,2,-3\n", "line 3, column loss|-3|positive"},
      {"hoffmann", "N,D,loss\n1,2,3\n0,2,3\n", "line 3, column N|positive"},
      {"hoffmann", "N,D,loss,loss_error\n1,2,3,0\n1,2,3,1\n1,2,3,1\n1,2,3,1\n1,2,3,1\n1,2,3,1\n", "line 2, column loss_error|positive"},
      {"hoffmann", "N,D,loss\n1,2,3\ninf,2,3\n", "N = inf|power"},
      {"hoffmann", "N,D,loss\n1,2,3\n2,2,3\n3,3,3\n", "3 runs|5 free parameters|--fix"},
      {"ludziejewski", "N,D,E,loss\n1,2,0.5,3\n", "line 2, column E|at least 1"},
      {"joint", "N,D,N_a,G,S,loss\n4,2,1,1,1.5,3\n", "line 2, column S|0 ... 1"},
      {"joint", "N,D,N_a,G,S,loss\n4,2,8,1,0,3\n", "line 2, column N_a|more active"},
      {"a + N^S*b^S", "N,S,loss\n4,0,3\n4,1,3\n4,1,3\n", NULL},
      {"a*S^-p", "N,S,loss\n4,1,3\n4,0,3\n4,1,3\n", "line 3|not a finite number"},
      {"hofman", "N,D,loss\n1,2,3\n", "'hofman' is none of power, hoffmann|no column"},
      {"N*D", "N,D,loss\n1,2,3\n", "no parameters"},
      {"a + loss", "N,loss\n1,2\n2,3\n3,4\n4,5\n", "no column of"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    mdm_law_runs *r = read_text(cases[i].text);
    mdm_law_fit *fit;
    mdm_error err = {0};
    int status = mdm_law_fit_compute(r, &(mdm_law_options){.law = cases[i].law, .starts = 4, .threads = 1}, &fit, &err);
    if (cases[i].words) {
      CU_ASSERT(status != MDM_OK && !fit);
      check_mentions(err.text, cases[i].words);
    }
    mdm_law_fit_free(fit);
    mdm_law_runs_free(r);
  }
}

static const test_case tests[] = {
    {"CSV files in many forms are one table", test_forms},
    {"files that are no tables are refused with the line", test_files_refused},
    {"values that mean nothing are refused with line and column", test_values_refused},
};
SUITE_IN_FOLDER("law/runs", tests)
