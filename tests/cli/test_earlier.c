/* Files that are there already: what is complete is recognized, extended, or refused by name, and never lost without --force. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <moedmft/file.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/suite.h"
#include "support/words.h"

#define LONG "-t 2 -s solve.particles=200 -s solve.replicas=2 -s train.steps=100 -s simulate.widths=[8,16] -s output.kernels=false "

static void copy(const char *from, const char *to) {
  static char bytes[1 << 22];
  size_t n = slurp(from, bytes, sizeof bytes);
  CU_ASSERT_FATAL(n > 0 && n < sizeof bytes - 1);
  spit(to, bytes, n);
}

/* Whether two files have the same bytes. */
static int same_bytes(const char *a, const char *b) {
  static char x[1 << 22], y[1 << 22];
  size_t n = slurp(a, x, sizeof x);
  return n == slurp(b, y, sizeof y) && !memcmp(x, y, n);
}

/* The command fails with this code and one line, and leaves a.h5 as kept.h5 is. */
static void keeps(int code, const char *words, const char *line) {
  const result *r = run_as(&(start){0}, line);
  check(r->code == code && is_one_line(r->err) && mentions(r->err, words), words, line, r);
  check(same_bytes("a.h5", "kept.h5"), "expected the earlier file", line, r);
  check(entries(NULL, 0) == 2, "expected no other file", line, r);
}

#define JUDGED_SMALL SMALL "-s solve.replicas=3 " /* as many as errors take */

static void test_complete(void) {
  succeeds("compare - -q -o @/a.h5 " JUDGED_SMALL);
  copy("a.h5", "kept.h5");
  const result *r = run("compare - -o @/a.h5 " JUDGED_SMALL);
  check(r->code == 0 && mentions(r->err, "already complete: |a.h5; nothing to do|verdict: ") && !strstr(r->err, "wrote"), "expected nothing to do", "compare", r);
  CU_ASSERT(same_bytes("a.h5", "kept.h5"));
  r = run("compare - -q -o @/a.h5 --expect rate " JUDGED_SMALL); /* a verdict is asked for all the same */
  CU_ASSERT(r->code == MDM_ERR_EXPECT && mentions(r->err, "rate unresolved"));
  succeeds("compare - -q -o @/a.h5 -t 1 " JUDGED_SMALL);
  CU_ASSERT(same_bytes("a.h5", "kept.h5"));
  succeeds("compare - -q --force -o @/a.h5 " JUDGED_SMALL);
  CU_ASSERT(!same_bytes("a.h5", "kept.h5")); /* run times differ */
  same_results("a.h5", "kept.h5", 1);
}

/* Options, commands, numbers of runs and kept runs that would lose something. */
static void test_refused_by_name(void) {
  static const refusal list[] = {
      {"compare - -q -o @/a.h5 " SMALL "-s train.lr=0.4", "holds another run|train.lr is 0.5 there and 0.4 now|--force"},
      {"compare - -q -o @/a.h5 " SMALL "-s train.lr=1e9", "train.lr is 0.5 there"},
      {"compare - -q -o @/a.h5 " SMALL "--seed 2", "seed is 1 there and 2 now"},
      {"compare - -q -o @/a.h5 " SMALL "-s output.kernels=false", "output.kernels is true there"},
      {"compare - -q -o @/a.h5 " SMALL "-s solve.replicas=1", "2 replicas|solve.replicas asks for 1"},
      {"compare - -q -o @/a.h5 " SMALL "-s simulate.seeds=2", "3 networks of N = 8|simulate.seeds asks for 2"},
      {"compare - -q -o @/a.h5 " SMALL "-s simulate.widths=16", "N = 8|simulate.widths lacks"},
      {"compare - -q -o @/a.h5 " SMALL "--save-weights", "--save-weights"},
      {"compare - -q -o @/a.h5 " SMALL "-s simulate.seeds=4 -s output.every_seed=false", "output.every_seed = false"},
      {"solve - -q -o @/a.h5 " SMALL, "networks|solve does not compute"},
      {"simulate - -q -o @/a.h5 " SMALL, "a limit|simulate does not compute"},
      {"coordcheck - -q -o @/a.h5 " SMALL, "output.parts is false there"},
      {"compare - -q -o @/a.h5 " SMALL "-s data.train=3", "data.train is 0 there and 3 now"},
      {"sweep - -q -o @/a.h5 " SMALL "--over train.lr=1,2", "not the file of a sweep|--force"},
  };
  succeeds("compare - -q -o @/a.h5 " SMALL);
  copy("a.h5", "kept.h5");
  for (size_t i = 0; i < COUNT(list); i++) keeps(MDM_ERR_CONFIG, list[i].words, list[i].line);
  succeeds("compare - -q -o @/a.h5 --force " SMALL "-s train.lr=0.4");
  CU_ASSERT_EQUAL(attribute("a.h5", "/", "config:train.lr"), 0.4);
  clear();
  succeeds("compare - -q -o @/a.h5 -s output.every_seed=false " SMALL);
  copy("a.h5", "kept.h5");
  keeps(MDM_ERR_CONFIG, "complete|no single runs", "compare - -q -o @/a.h5 -s output.every_seed=false " SMALL "-s simulate.seeds=4");
  keeps(MDM_ERR_CONFIG, "no single runs|output.every_seed = true", "compare - -q -o @/a.h5 -s output.every_seed=true " SMALL);
  succeeds("compare - -q -o @/a.h5 -s output.every_seed=false " SMALL);
  CU_ASSERT(same_bytes("a.h5", "kept.h5"));
  clear();
  succeeds("sweep - -q -o @/a.h5 --over train.lr=0.1,0.2 " SMALL);
  copy("a.h5", "kept.h5");
  keeps(MDM_ERR_CONFIG, "holds a sweep|--force", "solve - -q -o @/a.h5 " SMALL);
  keeps(MDM_ERR_CONFIG, "simulate.seeds is 3 there and 2 now", "sweep - -q -o @/a.h5 --over train.lr=0.1,0.2 " SMALL "-s simulate.seeds=2");
  succeeds("sweep - -q -o @/a.h5 --over train.lr=0.1,0.2 " SMALL);
  CU_ASSERT(same_bytes("a.h5", "kept.h5"));
  succeeds("sweep - -q --force -o @/a.h5 --over train.lr=0.3 " SMALL "-s simulate.seeds=4");
}

/* More replicas, seeds and widths, and what a command computes beside an earlier one: bit for bit as from one run. */
static void test_extended(void) {
  static const char *const more[] = {"-s simulate.seeds=5", "-s simulate.seeds=[5,4,7] -s simulate.widths=[8,12,16]",
                                     "-s simulate.seeds=[5,4,7] -s simulate.widths=[8,12,16] -s solve.replicas=4"};
  succeeds("solve - -q -o @/a.h5 " SMALL);
  for (size_t i = 0; i < COUNT(more); i++) {
    const result *r = run("compare - -o @/a.h5 " SMALL "%s", more[i]);
    check(r->code == 0 && mentions(r->err, "going on from|complete runs|wrote"), "expected to go on", more[i], r);
    succeeds("compare - -q --force -o @/b.h5 " SMALL "%s", more[i]);
    same_results("a.h5", "b.h5", 1);
  }
  succeeds("simulate - -q --save-weights -o @/w.h5 " SMALL);
  const result *r = run("simulate - -q -o @/w.h5 " SMALL "-s simulate.seeds=4");
  CU_ASSERT(r->code == MDM_ERR_CONFIG && mentions(r->err, "holds weights|--save-weights"));
  succeeds("simulate - -q --save-weights -o @/w.h5 " SMALL "-s simulate.seeds=4");
  succeeds("simulate - -q --save-weights -o @/v.h5 " SMALL "-s simulate.seeds=4");
  size_t compared = 0;
  CU_ASSERT_EQUAL(differences("w.h5", "v.h5", "/width_16/members", 1, &compared), 0);
  CU_ASSERT(compared > 40);
}

/* Residual stacks: what follows from several depths is made anew from all runs. */
static void test_extended_depths(void) {
#define DEEP SMALL "-s model.depth=4 -s solve.depths=[4,6,8] "
  succeeds("compare - -q -o @/a.h5 " DEEP);
  copy("a.h5", "kept.h5");
  succeeds("compare - -q -o @/a.h5 " DEEP);
  CU_ASSERT(same_bytes("a.h5", "kept.h5"));
  succeeds("compare - -q -o @/a.h5 " DEEP "-s simulate.seeds=5 -s solve.replicas=3");
  succeeds("compare - -q --force -o @/b.h5 " DEEP "-s simulate.seeds=5 -s solve.replicas=3");
  same_results("a.h5", "b.h5", 1);
#undef DEEP
}

/* A coordinate check along the depth: the command that finds it done prints what the first one did, info the same of every series. */
static void test_depths_of_a_check(void) {
#define DEEP SMALL "-s train.steps=3 -s model.depth=2 -s solve.depths=[4,8] -s simulate.depths=[4,8] "
  static const char *const series[] = {"limit N = ∞: RMS", "networks of N = 8: RMS", "stream/forward", "all 2 blocks"};
  static char first[1 << 17];
  const result *r = run("coordcheck - -o @/a.h5 " DEEP);
  CU_ASSERT(r->code == 0 && strlen(r->out) < sizeof first);
  snprintf(first, sizeof first, "%s", r->out);
  for (size_t i = 0; i < COUNT(series); i++) check(mentions(first, series[i]), series[i], "coordcheck", r);
  r = run("coordcheck - -o @/a.h5 " DEEP);
  CU_ASSERT(r->code == 0 && mentions(r->err, "already complete") && !strcmp(r->out, first));
  r = run("info @/a.h5");
  for (size_t i = 0; i < COUNT(series); i++) check(mentions(r->out, series[i]), series[i], "info", r);
  succeeds("plot -q @/a.h5 -o @/a.svg --block 0");
  succeeds("plot -q @/a.h5 -o @/a.svg --what depths");
#undef DEEP
}

/* Stopped in its depths, a comparison is not complete. */
static void test_depths_stopped(void) {
#define DEEP LONG "-t 1 -s model.depth=2 -s train.steps=3 -s simulate.seeds=20 -s simulate.depths=[4,9000] "
  const result *r = run_and_stop("compare - -o @/a.h5 " DEEP, SIGINT, 2500);
  CU_ASSERT(r->code == MDM_INTERRUPTED);
  r = run("info @/a.h5");
  CU_ASSERT(mentions(r->out, "interrupted"));
  r = run_and_stop("compare - -o @/a.h5 " DEEP, SIGINT, 300);
  check(r->code == MDM_INTERRUPTED && mentions(r->err, "going on from"), "expected to go on", "compare", r);
#undef DEEP
}

/* What was to extend a complete file was stopped: the file keeps its results, and the runs that it got. */
static void test_extension_stopped(void) {
  succeeds("compare - -q -o @/a.h5 " LONG "-s simulate.seeds=3");
  copy("a.h5", "kept.h5");
  const result *r = run_and_stop("compare - -o @/a.h5 " LONG "-s simulate.seeds=3000", SIGUSR1, 800);
  check(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "keeps its complete results|runs more beside them|goes on"), "expected to keep", "compare", r);
  same_results("a.h5", "kept.h5", 1);
  CU_ASSERT_EQUAL(attribute("a.h5", "/width_8", "runs"), 3);
  succeeds("compare - -q -o @/a.h5 " LONG "-s simulate.seeds=3"); /* still complete */
  r = run("compare - -o @/a.h5 " LONG "-s simulate.seeds=60");
  check(r->code == 0 && mentions(r->err, "going on from|wrote"), "expected to go on", "compare", r);
  succeeds("compare - -q -o @/whole.h5 " LONG "-s simulate.seeds=60");
  same_results("a.h5", "whole.h5", 1);
}

static void test_extension_diverged(void) {
#define STEEP "-s train.steps=40 -s simulate.widths=8 -s train.lr=3.6 -s output.kernels=false "
  succeeds("simulate - -q -o @/a.h5 " STEEP "-s simulate.seeds=3");
  copy("a.h5", "kept.h5");
  keeps(MDM_ERR_DIVERGED, "N = 8 diverged at step|keeps its complete results|--force", "simulate - -q -o @/a.h5 " STEEP "-s simulate.seeds=400");
  const result *r = run("simulate - -q --force -o @/a.h5 " STEEP "-s simulate.seeds=400");
  CU_ASSERT(r->code == MDM_ERR_DIVERGED && attribute("a.h5", "/width_8", "diverged_at_step") >= 1);
  succeeds("simulate - -q -o @/a.h5 " STEEP "-s simulate.seeds=3"); /* nothing complete would be lost */
  same_results("a.h5", "kept.h5", 1);
  clear();
  static const char *const kept[] = {"true", "false"};
  for (size_t i = 0; i < COUNT(kept); i++) { /* the limit does not diverge; again, and then as it was told */
#define BOTH STEEP "-s simulate.seeds=400 -s solve.particles=400 -s solve.replicas=3 "
    r = run("compare - -q -o @/a.h5 -s output.every_seed=%s " BOTH, kept[i]);
    CU_ASSERT(r->code == MDM_ERR_DIVERGED && isnan(attribute("a.h5", "/", "diverged_at_step")));
    r = run("compare - -o @/a.h5 -s output.every_seed=%s " BOTH, kept[i]);
    CU_ASSERT(r->code == MDM_ERR_DIVERGED && !strstr(r->err, "going on from") == (i == 1));
    succeeds("compare - -q -o @/a.h5 " BOTH "-s simulate.seeds=4 -s train.lr=0.5");
    clear();
#undef BOTH
  }
#undef STEEP
}

/* One writer: who holds it is named; what a killed one left does not matter. */
static void test_lock(void) {
  mdm_lock *lock;
  char name[64];
  CU_ASSERT_EQUAL_FATAL(mdm_lock_take(in_folder("a.h5"), &lock, NULL), MDM_OK);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  snprintf(name, sizeof name, "a.h5|being written by|process %ld", (long)getpid());
  refused_as(&(start){0}, MDM_ERR_IO, name, "solve - -q -o @/a.h5 " SMALL);
  refused_as(&(start){0}, MDM_ERR_IO, name, "sweep - -q -o @/a.h5 --force --over train.lr=0.1,0.2 " SMALL);
  CU_ASSERT_EQUAL_FATAL(symlink("a.h5", in_folder("link.h5")), 0);
  refused_as(&(start){0}, MDM_ERR_IO, name + strlen("a.h5|"), "solve - -q -o @/link.h5 " SMALL); /* the same file */
  succeeds("solve - -q -o @/b.h5 " SMALL);
  mdm_lock_release(lock);
  succeeds("solve - -q -o @/a.h5 " SMALL);
  CU_ASSERT(!exists("a.h5.lock") && !exists("b.h5.lock"));
  spit_text("a.h5.lock", "somebody's own words");
  refused_as(&(start){0}, MDM_ERR_IO, "a.h5.lock|no lock of moedmft", "solve - -q -o @/a.h5 " SMALL);
  CU_ASSERT(holds("a.h5.lock", "somebody's", 10));
}

static void test_left_behind(void) {
  const result *r = run_and_stop("simulate - -o @/a.h5 " LONG "-s simulate.seeds=3000", SIGKILL, 200);
  CU_ASSERT(r->code == KILLED + SIGKILL && exists("a.h5.lock") && !exists("a.h5"));
  spit_text("a.h5.tmp.1", "of a process that died");
  spit_text("a.h5.tmp.12.3", "another");
  spit_text("a.h5.tmp-mine", "no temporary file of the program");
  spit_text("b.h5.tmp.1", "of another output");
  succeeds("simulate - -q --force -o @/a.h5 " SMALL);
  CU_ASSERT(!exists("a.h5.lock") && !exists("a.h5.tmp.1") && !exists("a.h5.tmp.12.3"));
  CU_ASSERT(exists("a.h5.tmp-mine") && exists("b.h5.tmp.1"));
  mdm_file *file; /* one that is being written stays */
  CU_ASSERT_EQUAL_FATAL(mdm_file_create(in_folder("b.h5"), &file, NULL), MDM_OK);
  CU_ASSERT(!exists("b.h5.tmp.1"));
  succeeds("plot @/a.h5 -q -o @/a.svg");
  succeeds("simulate - -q -o @/b.h5 " SMALL);
  CU_ASSERT_EQUAL(mdm_file_commit(file, NULL), MDM_OK);
}

/* The new file has the old one's mode, and stands where a link leads. */
static void test_mode_and_links(void) {
  struct stat s;
  mkdir(in_folder("results"), 0700);
  CU_ASSERT_EQUAL_FATAL(symlink("results/a.h5", in_folder("a.h5")), 0);
  succeeds("solve - -q -o @/a.h5 " SMALL); /* the link leads to no file yet */
  CU_ASSERT(lstat(in_folder("a.h5"), &s) == 0 && S_ISLNK(s.st_mode));
  CU_ASSERT(exists("results/a.h5"));
  CU_ASSERT_EQUAL(chmod(in_folder("results/a.h5"), 0640), 0);
  succeeds("solve - -q -o @/a.h5 -s solve.replicas=3 " SMALL "-s solve.replicas=3");
  CU_ASSERT(lstat(in_folder("a.h5"), &s) == 0 && S_ISLNK(s.st_mode));
  CU_ASSERT(stat(in_folder("results/a.h5"), &s) == 0 && (s.st_mode & 0777) == 0640);
  CU_ASSERT_EQUAL(chmod(in_folder("results/a.h5"), 0440), 0);
  refused_as(&(start){0}, MDM_ERR_IO, "a.h5|write-protected", "solve - -q --force -o @/a.h5 " SMALL);
  CU_ASSERT_EQUAL(symlink("circle.h5", in_folder("circle.h5")), 0);
  refused_as(&(start){0}, MDM_ERR_IO, "circle.h5|symbolic links", "solve - -q -o @/circle.h5 " SMALL);
  unlink(in_folder("results/a.h5"));
}

/* Files of others, and files that were changed or damaged. */
static void test_others(void) {
  char bytes[1 << 18];
  spit_text("empty.h5", "");
  succeeds("solve - -q -o @/empty.h5 " SMALL); /* as mktemp makes them */
  refused_as(&(start){0}, MDM_ERR_IO, "earlier.h5|not an HDF5 file|--force", "solve - -q -o @/earlier.h5 " SMALL);
  succeeds("solve - -q -o @/a.h5 " SMALL);
  size_t n = slurp("a.h5", bytes, sizeof bytes);
  CU_ASSERT_FATAL(n > 1000 && n < sizeof bytes - 1);
  bytes[n / 2] ^= 1;
  spit("a.h5", bytes, n);
  refused_as(&(start){0}, MDM_ERR_IO, "a.h5|damaged|checksum|--force", "solve - -q -o @/a.h5 " SMALL);
  bytes[n / 2] ^= 1;
  spit("a.h5", bytes, n - 64); /* as after a change by another program: the seal is gone */
  refused_as(&(start){0}, MDM_ERR_IO, "a.h5|no checksum|--force", "solve - -q -o @/a.h5 " SMALL);
  const result *r = run("info @/a.h5");
  CU_ASSERT(r->code == 0 && mentions(r->out, "none: another program has changed the file"));
  succeeds("solve - -q --force -o @/a.h5 " SMALL);
}

static const test_case tests[] = {
    {"complete files are recognized", test_complete},
    {"what would be lost is named", test_refused_by_name},
    {"more runs extend a file", test_extended},
    {"depths of an extended file", test_extended_depths},
    {"depths of a coordinate check", test_depths_of_a_check},
    {"a comparison that is stopped in its depths", test_depths_stopped},
    {"an extension that is stopped", test_extension_stopped},
    {"an extension that diverges", test_extension_diverged},
    {"one writer for each file", test_lock},
    {"what killed processes left behind", test_left_behind},
    {"mode and links of an output", test_mode_and_links},
    {"files of others, damaged and changed ones", test_others},
};

SUITE_IN_FOLDER("cli/earlier", tests)
