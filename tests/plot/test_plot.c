/* Pictures: every format, and a gnuplot that is missing or fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <hdf5.h>
#include <moedmft/plot.h>

#include "support/comma.h"
#include "support/folder.h"
#include "support/records.h"
#include "support/suite.h"
#include "support/words.h"

static void check_picture(const char *file, const char *picture, const char *magic) {
  mdm_error err = {.code = MDM_OK};
  CU_ASSERT_EQUAL(mdm_plot(in_folder(file), in_folder(picture), &err), MDM_OK);
  if (err.code != MDM_OK) printf("\n  %s\n", err.text);
  CU_ASSERT(holds(picture, magic, strlen(magic)));
}

static void test_plot(void) {
  mdm_error err;
  write_comparison("both.h5", 1, 1);
  write_comparison("limit.h5", 1, 0);
  write_comparison("widths.h5", 0, 1);
  write_comparison("none.h5", 0, 0);
  check_picture("both.h5", "it's.png", "\x89PNG\r\n");
  check_picture("both.h5", "a.SVG", "<?xml");
  check_picture("both.h5", "a.pdf", "%PDF-");
  check_picture("limit.h5", "b.png", "\x89PNG\r\n");
  check_picture("widths.h5", "c.png", "\x89PNG\r\n");
  CU_ASSERT_EQUAL(entries(NULL, 0), 4 + 5);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("none.h5"), in_folder("d.png"), &err), MDM_ERR_DATA);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("d.jpg"), &err), MDM_ERR_USAGE);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ".svg"));
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("png"), &err), MDM_ERR_USAGE);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("no/d.png"), &err), MDM_ERR_IO);
  CU_ASSERT_EQUAL(entries(NULL, 0), 4 + 5);
}

/* PATH leads to a folder without gnuplot, then to one whose gnuplot complains and reads nothing. */
static void test_plot_fails(void) {
  mdm_error err;
  char *path = strdup(getenv("PATH"));
  write_comparison("both.h5", 1, 1);
  spit_text("a.png", "earlier");
  setenv("PATH", folder, 1);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("a.png"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gnuplot-nox"));
  spit_text("gnuplot", "#!/bin/sh\necho 'no such terminal' >&2\nexit 3\n");
  chmod(in_folder("gnuplot"), 0700);
  CU_ASSERT_EQUAL(mdm_plot(in_folder("both.h5"), in_folder("a.png"), &err), MDM_ERR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gnuplot says: no such terminal"));
  setenv("PATH", path, 1);
  free(path);
  CU_ASSERT(holds("a.png", "earlier", 7));
  CU_ASSERT_EQUAL(entries(NULL, 0), 3);
}

/* gnuplot gets decimal points from a program that writes commas: the same picture. */
static void test_comma(void) {
  static char point[1 << 20], comma[1 << 20];
  write_comparison("both.h5", 1, 1);
  check_picture("both.h5", "point.svg", "<?xml");
  if (!enter_comma()) return;
  check_picture("both.h5", "comma.svg", "<?xml");
  leave_comma();
  size_t n = slurp("point.svg", point, sizeof point), m = slurp("comma.svg", comma, sizeof comma);
  CU_ASSERT(n > 1000 && n == m && !memcmp(point, comma, n));
}

/* What gnuplot is told to draw of a file. */
static void read_script(const char *file, char *script, size_t size) {
  char *path = strdup(getenv("PATH")), fake[600];
  snprintf(fake, sizeof fake, "#!/bin/sh\nPATH=%s\ncat > %s\n", path, in_folder("script"));
  spit_text("gnuplot", fake);
  chmod(in_folder("gnuplot"), 0700);
  setenv("PATH", folder, 1);
  CU_ASSERT_EQUAL(mdm_plot(in_folder(file), in_folder("a.png"), NULL), MDM_ERR_IO); /* no picture comes of it */
  setenv("PATH", path, 1);
  free(path);
  CU_ASSERT(slurp("script", script, size) > 1000);
}

/* The number of runs that an earlier file lacks: of the limit, and of N = 64. */
static void set_runs(const char *file, long limit, long networks) {
  hid_t f = H5Fopen(in_folder(file), H5F_ACC_RDWR, H5P_DEFAULT), group[2] = {H5Gopen2(f, "/", H5P_DEFAULT), H5Gopen2(f, "/width_64", H5P_DEFAULT)};
  const long runs[2] = {limit, networks};
  for (int i = 0; i < 2; i++) {
    hid_t space = H5Screate(H5S_SCALAR), a = H5Acreate2(group[i], "runs", H5T_NATIVE_LONG, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a, H5T_NATIVE_LONG, &runs[i]);
    H5Aclose(a), H5Sclose(space), H5Gclose(group[i]);
  }
  H5Fclose(f);
}

/* Bars and bands of two standard errors, of few runs as rarely exceeded, of two none; and a remark that says so. */
static void test_bars(void) {
  static char script[1 << 16];
  write_comparison("both.h5", 1, 1);
  read_script("both.h5", script, sizeof script);
  CU_ASSERT(has(script, "\n0 0.55 0.45 0.65\n")); /* the limit at step 0: 0.55 ± 0.05 */
  CU_ASSERT(has(script, "\n1 0.56 0.44 0.68\n")); /* networks of N = 64 at step 1: 0.56 ± 0.06 */
  CU_ASSERT(has(script, "band: ±2 standard errors of the limit;  bars: ±2 standard errors of the mean over networks (few runs: Student''s t)")); /* as gnuplot quotes it */
  set_runs("both.h5", 2, 4);
  read_script("both.h5", script, sizeof script);
  CU_ASSERT(has(script, "\n0 0.55 0.55 0.55\n"));
  CU_ASSERT(has(script, "\n1 0.56 0.361590669 0.758409331\n")); /* ± 3.30682 × 0.06 */
}

static const test_case tests[] = {
    {"decimal commas", test_comma},
    {"bars are two standard errors", test_bars},
    {"pictures in every format", test_plot},
    {"no gnuplot, or one that fails", test_plot_fails},
};

SUITE_IN_FOLDER("plot/plot", tests)
