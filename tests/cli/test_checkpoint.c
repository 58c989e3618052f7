/* Runs in progress: what the folder FILE.checkpoint keeps when a command is stopped or killed, and how the same command goes on. */
#include <dirent.h>
#include <moedmft/error.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/suite.h"
#include "support/words.h"

/* Some tenths of a second for one run; checkpoints every few steps. */
#define ONE "-t 1 -s solve.particles=3000 -s solve.replicas=1 -s train.steps=120 -s output.kernels=false "
#define OFTEN "-s output.checkpoint=2e-4 "
#define FOLDER "a.h5.checkpoint"

/* Whole files in the folder; the name of one of them goes to `one`. */
static int files(char one[300]) {
  int n = 0;
  DIR *d = opendir(in_folder(FOLDER));
  for (struct dirent *e; d && (e = readdir(d));)
    if (strlen(e->d_name) > 4 && !strcmp(e->d_name + strlen(e->d_name) - 4, ".run")) snprintf(one, 300, FOLDER "/%.255s", e->d_name), n++;
  if (d) closedir(d);
  return n;
}

/* Kills a command, later each time, until `wanted` whole files are in the folder: builds that check themselves are many times slower. */
static const result *killed_with(int wanted, long milliseconds, const char *line) {
  char one[300];
  const result *r = run_and_stop(line, SIGKILL, milliseconds);
  for (long wait = 2 * milliseconds; r->code == KILLED + SIGKILL && files(one) < wanted && wait < 20000; wait *= 2) r = run_and_stop(line, SIGKILL, wait);
  return r;
}

/* Killed twice in one run, the third time to its end: the same bits as at once, and nothing is left. */
static void killed_runs_go_on(void) {
  char one[300];
  succeeds("solve - -q -o @/whole.h5 " ONE);
  for (int i = 0; i < 2; i++) {
    const result *r = killed_with(1, 150, "solve - -o @/a.h5 " OFTEN ONE);
    CU_ASSERT(r->code == KILLED + SIGKILL && !exists("a.h5"));
    CU_ASSERT(files(one) >= 1);
  }
  const result *r = run("solve - -o @/a.h5 " ONE); /* checkpoints may come at other times */
  check(r->code == 0 && mentions(r->err, "going on from|a.h5.checkpoint, which holds 1 run"), "expected to go on", "solve", r);
  same_results("a.h5", "whole.h5", 1);
  CU_ASSERT_EQUAL(entries(NULL, 0), 2);
}

/* Every signal saves the run at hand, whatever the interval; weights, threads. */
static void stopped_runs_go_on(void) {
#define TWO "-s simulate.widths=[8,64] -s simulate.seeds=2 -s solve.particles=2000 -s solve.replicas=2 -s train.steps=100 --save-weights "
  static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1};
  char one[300];
  succeeds("compare - -q -o @/whole.h5 -t 1 " TWO);
  for (size_t i = 0; i < COUNT(signals); i++) {
    const result *r = run_and_stop(i % 2 ? "compare - -o @/a.h5 -t 1 -s output.checkpoint=0 " TWO : "compare - -o @/a.h5 -t 2 " TWO, signals[i], 60);
    check(r->code == MDM_INTERRUPTED || r->code == 0, "expected to be stopped", "compare", r);
    CU_ASSERT(r->code == 0 || files(one) >= 1);
  }
  succeeds("compare - -q -o @/a.h5 " TWO);
  same_results("a.h5", "whole.h5", 1);
  CU_ASSERT_EQUAL(entries(NULL, 0), 2);
#undef TWO
}

/* Complete runs are there after a kill, though no file was written: those that took more than 0.02 s. */
static void complete_runs_survive(void) {
#define MANY "-t 1 -s simulate.widths=192 -s simulate.seeds=12 -s train.steps=300 -s output.kernels=false "
  char one[300];
  const result *r = killed_with(2, 400, "simulate - -o @/a.h5 " MANY);
  CU_ASSERT(r->code == KILLED + SIGKILL && !exists("a.h5"));
  CU_ASSERT(files(one) >= 2);
  r = run("simulate - -o @/a.h5 " MANY);
  CU_ASSERT(r->code == 0 && mentions(r->err, "going on from|a.h5.checkpoint"));
  succeeds("simulate - -q -o @/whole.h5 " MANY);
  same_results("a.h5", "whole.h5", 1);
#undef MANY
}

/* A sweep's cells in progress, beside those in its file. */
static void killed_sweeps_go_on(void) {
#define GRID "-t 1 -s simulate.widths=64 -s simulate.seeds=3 -s train.steps=200 -s solve.particles=1000 -s solve.replicas=2 --over train.lr=0.1,0.2 "
  char one[300];
  size_t compared = 0;
  succeeds("sweep - -q -o @/whole.h5 " GRID);
  const result *r = run_and_stop("sweep - -o @/a.h5 " OFTEN GRID, SIGKILL, 300);
  CU_ASSERT(r->code == KILLED + SIGKILL && files(one) >= 1 && remove(in_folder("a.h5.lock")) == 0);
  refused_as(&(start){0}, MDM_ERR_CONFIG, "a.h5.checkpoint holds another run in progress|train.steps is 200 there and 61 now|--force",
             "sweep - -q -o @/a.h5 -s simulate.widths=64 -s simulate.seeds=3 -s train.steps=61 -s solve.particles=1000 -s solve.replicas=2 --over train.lr=0.1,0.2");
  r = run("sweep - -o @/a.h5 " GRID);
  CU_ASSERT(r->code == 0);
  CU_ASSERT_EQUAL(differences("a.h5", "whole.h5", "/", 1, &compared), 0);
  CU_ASSERT(compared > 5 && entries(NULL, 0) == 3 && !exists(FOLDER)); /* with what refused_as keeps */
#undef GRID
}

/* A smaller sweep for the same file leaves what a larger one, killed, has kept; the larger one goes on from it. */
static void smaller_sweeps_leave_larger_ones(void) {
#define LARGER "-t 1 -s simulate.widths=[8,96] -s simulate.seeds=3 -s train.steps=200 -s solve.particles=1000 -s solve.replicas=2 --over train.lr=0.1,0.2 "
#define SMALLER "-t 1 -s simulate.widths=[8] -s simulate.seeds=2 -s train.steps=200 -s solve.particles=1000 -s solve.replicas=2 --no-limit --over train.lr=0.2 "
  char one[300];
  const result *r = run_and_stop("sweep - -o @/a.h5 " OFTEN LARGER, SIGKILL, 300);
  CU_ASSERT(r->code == KILLED + SIGKILL && remove(in_folder("a.h5.lock")) == 0 && !exists("a.h5"));
  int held = files(one);
  CU_ASSERT(held >= 1);
  succeeds("sweep - -q -o @/a.h5 " OFTEN SMALLER);
  CU_ASSERT_EQUAL(files(one), held);
  r = run("sweep - -o @/a.h5 --force " LARGER);
  CU_ASSERT(r->code == 0 && !exists(FOLDER));
#undef LARGER
#undef SMALLER
}

static void kill_one(char one[300]) {
  const result *r = run_and_stop("solve - -o @/a.h5 " OFTEN ONE, SIGKILL, 150);
  CU_ASSERT(r->code == KILLED + SIGKILL && remove(in_folder("a.h5.lock")) == 0);
  CU_ASSERT_EQUAL_FATAL(files(one), 1);
}

/* What differs is named, and nothing is lost; --force begins anew. */
static void others_are_refused(void) {
  char one[300];
  kill_one(one);
  refused_as(&(start){0}, MDM_ERR_CONFIG, "a.h5.checkpoint holds another run in progress|train.lr is 0.5 there and 0.25 now|choose another -o|--force", "solve - -q -o @/a.h5 -s train.lr=0.25 " ONE);
  refused_as(&(start){0}, MDM_ERR_CONFIG, "a.h5.checkpoint holds runs of moedmft solve, not of simulate|--force", "simulate - -q -o @/a.h5 " ONE);
  refused_as(&(start){0}, MDM_ERR_CONFIG, "a.h5.checkpoint|data.train is 0 there and 5 now", "solve - -q -o @/a.h5 -s data.train=5 " ONE);
  succeeds("solve - -q --force -o @/a.h5 -s train.lr=0.25 -s train.steps=2 -s solve.particles=200 -s solve.replicas=2");
  CU_ASSERT(!exists(FOLDER) && exists("a.h5"));
}

/* A damaged file is named, and another program's as well; without it, its run begins anew. */
static void damage_is_refused(void) {
  static char bytes[1 << 26]; /* more than all its steps need */
  char one[300], words[400];
  kill_one(one);
  size_t n = slurp(one, bytes, sizeof bytes);
  CU_ASSERT_FATAL(n > 10000 && n < sizeof bytes - 1);
  snprintf(words, sizeof words, "%s is damaged|remove it|--force", one);
  bytes[n / 2] ^= 4;
  spit(one, bytes, n);
  refused_as(&(start){0}, MDM_ERR_IO, words, "solve - -q -o @/a.h5 " ONE);
  bytes[n / 2] ^= 4;
  spit(one, bytes, n - 1000);
  refused_as(&(start){0}, MDM_ERR_IO, words, "solve - -q -o @/a.h5 " ONE);
  spit(one, "", 0);
  refused_as(&(start){0}, MDM_ERR_IO, words, "solve - -q -o @/a.h5 " ONE);
  CU_ASSERT_EQUAL(remove(in_folder(one)), 0);
  succeeds("solve - -q -o @/a.h5 -s train.steps=2 -s solve.particles=200 -s solve.replicas=2"); /* an empty folder holds nothing */
  CU_ASSERT(!exists(FOLDER));
}

/* Where a checkpoint cannot be written the run goes on, after a word; nothing half-written stays. */
static void failures_are_told(void) {
  const result *r = run_as(&(start){.file_size = 300000}, "solve - -o @/a.h5 " OFTEN ONE);
  const char *said = strstr(r->err, "cannot write the checkpoint");
  check(r->code == 0 && said && mentions(said, FOLDER "|File too large|the run goes on") && !strstr(said + 1, "cannot write the checkpoint"),
        "expected one notice", "solve", r);
  CU_ASSERT(exists("a.h5") && entries(NULL, 0) == 1);
  clear();
  spit_text(FOLDER, "no folder");
  refused_as(&(start){0}, MDM_ERR_IO, "cannot read|" FOLDER "|Not a directory", "solve - -q -o @/a.h5 " ONE);
}

/* What a kill left between the output and the end of the folder goes with the next command. */
static void stale_folders_go(void) {
  char one[300];
  kill_one(one);
  CU_ASSERT_EQUAL(rename(in_folder(FOLDER), in_folder("kept")), 0);
  succeeds("solve - -q -o @/a.h5 " ONE);
  CU_ASSERT_EQUAL(rename(in_folder("kept"), in_folder(FOLDER)), 0);
  spit_text(FOLDER "/x.run.tmp", "half");
  succeeds("solve - -q -o @/a.h5 " ONE);
  CU_ASSERT(exists("a.h5") && entries(NULL, 0) == 1);
}

/* Runs of an extension that was killed outlive the smaller command, whose own go. */
static void extensions_outlive_others(void) {
#define SOME "-t 1 -s simulate.widths=192 -s train.steps=300 -s output.kernels=false -s output.every_seed=true "
  char one[300];
  succeeds("simulate - -q -o @/a.h5 -s simulate.seeds=2 " SOME);
  const result *r = killed_with(2, 400, "simulate - -o @/a.h5 -s simulate.seeds=12 " SOME);
  int before = files(one);
  CU_ASSERT(r->code == KILLED + SIGKILL && before >= 2 && attribute("a.h5", "/width_192", "runs") == 2);
  succeeds("simulate - -q -o @/a.h5 -s simulate.seeds=2 " SOME);
  CU_ASSERT_EQUAL(files(one), before);
  succeeds("simulate - -q -o @/a.h5 -s simulate.seeds=3 " SOME);
  CU_ASSERT_EQUAL(files(one), before - 1);
  succeeds("simulate - -q --force -o @/a.h5 -s simulate.seeds=3 " SOME);
  CU_ASSERT(!exists(FOLDER));
#undef SOME
}

/* On ranks: each saves its own, and another number of them goes on. */
static void ranks_go_on(void) {
#define RUNS "-t 1 -s solve.particles=3000 -s solve.replicas=2 -s train.steps=80 -s simulate.widths=[48] -s simulate.seeds=6 "
  char one[300];
  if (!has_ranks()) return;
  succeeds("compare - -q -o @/whole.h5 " RUNS);
  const result *r = run_and_stop_as(&(start){.ranks = 2}, "compare - -o @/a.h5 " OFTEN RUNS, 1, SIGTERM, 150);
  check(r->code == MDM_INTERRUPTED, "expected to be stopped", "compare", r);
  CU_ASSERT(files(one) >= 1);
  r = run_as(&(start){.ranks = 3}, "compare - -o @/a.h5 " RUNS);
  check(r->code == 0 && mentions(r->err, "going on from|a.h5.checkpoint"), "expected to go on", "compare", r);
  same_results("a.h5", "whole.h5", 1);
  CU_ASSERT_EQUAL(entries(NULL, 0), 2);
#undef RUNS
}

static const test_case tests[] = {{"a run that is killed goes on", killed_runs_go_on},
                                  {"a run that is stopped by any signal goes on", stopped_runs_go_on},
                                  {"complete runs survive a kill", complete_runs_survive},
                                  {"a sweep that is killed goes on", killed_sweeps_go_on},
                                  {"a smaller sweep leaves a larger one's runs", smaller_sweeps_leave_larger_ones},
                                  {"another configuration is refused", others_are_refused},
                                  {"a damaged checkpoint is refused", damage_is_refused},
                                  {"a checkpoint that cannot be written", failures_are_told},
                                  {"stale checkpoints", stale_folders_go},
                                  {"an extension that was killed, and a smaller command", extensions_outlive_others},
                                  {"runs on ranks go on", ranks_go_on}};
SUITE_IN_FOLDER("cli/checkpoint", tests)
