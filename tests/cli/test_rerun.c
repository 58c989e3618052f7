/* moedmft rerun: a run is repeated from its own file, bit for bit, and what deviates is found and named. */
#include <signal.h>
#include <string.h>

#include <hdf5.h>
#include <moedmft/error.h>
#include <moedmft/file.h>
#include <moedmft/rerun.h>
#include <moedmft/version.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/words.h"

/* Makes a file and repeats it, with another number of threads. */
static void repeats(const char *command, int code) {
  const result *r = run("%s -q -t 2 -o @/a.h5", command);
  check(r->code == code, "makes a file", command, r);
  r = run("rerun @/a.h5 -t 1");
  check(r->code == 0 && mentions(r->out, "repeated bit for bit|arrays compared") && !strstr(r->out, "NOT"), "is repeated", command, r);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1);
  clear();
}

static void test_every_command(void) {
  repeats("solve - " SMALL, 0);
  repeats("solve - " SMALL "-s solve.replicas=3 --sweeps 2", 0);
  repeats("solve - " SMALL "-s solve.replicas=0 -s solve.accuracy=0.02", 0);
  repeats("simulate - " SMALL "--save-weights -s train.batch=2 -s simulate.precision=single", 0);
  repeats("compare - " SMALL "-s model.active_fraction=0.5 -s data.test=3", 0);
  repeats("coordcheck - " SMALL "-s output.every_seed=false", 0);
  repeats("sweep - " SMALL "--over train.lr=0.1,0.4,1.6 --over model.parameterization=mup,mssp --refine 20", 0);
  repeats("compare - " SMALL "-s train.lr=1e6", MDM_ERR_DIVERGED);
}

/* A file that was extended, or went on after a stop, is repeated in one piece. */
static void test_pieces(void) {
  succeeds("compare - -q -o @/a.h5 " SMALL);
  repeats("compare - " SMALL "-s simulate.seeds=5 -s solve.replicas=3", 0);
}

static void test_interrupted(void) {
  const result *r = run_and_stop("simulate - -t 2 -o @/i.h5 " SMALL "-s simulate.widths=[8,64] -s simulate.seeds=200 -s train.steps=400", SIGINT, 700);
  CU_ASSERT_EQUAL(r->code, MDM_INTERRUPTED);
  r = run("rerun @/i.h5");
  check(r->code == 0 && mentions(r->out, "was interrupted|single runs|repeated bit for bit"), "single runs are repeated", "rerun", r);
  CU_ASSERT(strstr(r->out, " 0 numbers") == NULL);
  r = run_and_stop("rerun @/i.h5 -o @/n.h5", SIGTERM, 100);
  CU_ASSERT(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "nothing was compared") && !exists("n.h5"));
}

/* Stops once some run is complete. */
static volatile sig_atomic_t stopped;
static void stop_at_half(void *context, const mdm_progress *p) {
  (void)context;
  if (p->fraction > 0.5) stopped = 1;
}

static int rerun_once(const char *file, const char *beside, const mdm_monitor *how, size_t *held, mdm_error *err) {
  mdm_rerun *r;
  mdm_checkpoint *c = NULL;
  mdm_monitor monitor = *how;
  double bytes;
  CU_ASSERT_FATAL(!mdm_rerun_open(file, NULL, 0, &r, err) && !mdm_rerun_memory(r, &monitor, &bytes, err) && !mdm_rerun_checkpoint(r, beside, &c, err));
  *held = mdm_checkpoint_runs(c);
  monitor.checkpoint = c;
  int status = mdm_rerun_run(r, &monitor, NULL, "test", err);
  mdm_checkpoint_close(c);
  mdm_rerun_free(r);
  return status;
}

/* A rerun that is stopped goes on from the runs that it has kept, of a sweep too; in the end they go. */
static void test_goes_on(void) {
  static const char *const commands[] = {"compare - -q -o @/a.h5 " SMALL "-s solve.particles=2000 -s train.steps=60 -s output.checkpoint=0",
                                         "sweep - -q -o @/a.h5 " SMALL "-s solve.particles=2000 -s train.steps=60 -s output.checkpoint=0 --over train.lr=0.1,0.2"};
  char file[300], beside[300];
  for (size_t i = 0; i < 2; i++) {
    mdm_error err = {0};
    size_t held;
    succeeds("%s", commands[i]);
    snprintf(file, sizeof file, "%s", in_folder("a.h5"));
    snprintf(beside, sizeof beside, "%s", in_folder("a.h5.rerun"));
    stopped = 0;
    CU_ASSERT_EQUAL(rerun_once(file, beside, &(mdm_monitor){.threads = 1, .stop = &stopped, .report = stop_at_half}, &held, &err), MDM_INTERRUPTED);
    CU_ASSERT(held == 0 && mentions(err.text, "the same command goes on") && exists("a.h5.rerun.checkpoint"));
    const result *r = run("rerun @/a.h5");
    check(r->code == 0 && mentions(r->err, "going on from|a.h5.rerun.checkpoint") && mentions(r->out, "repeated bit for bit") && !exists("a.h5.rerun.checkpoint"), "expected to go on", commands[i], r);
    clear();
  }
}

/* Adds `by` to an element of a dataset of the file. */
static void change(const char *name, const char *path, size_t at, double by) {
  double values[4096];
  hid_t file = H5Fopen(in_folder(name), H5F_ACC_RDWR, H5P_DEFAULT), set = H5Dopen2(file, path, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0 && set >= 0);
  CU_ASSERT(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  values[at] += by;
  CU_ASSERT(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(set);
  H5Fclose(file);
}

/* The largest deviation is named with its place, in units of its standard error. */
static void test_deviation(void) {
  succeeds("solve - -q -o @/a.h5 " SMALL);
  change("a.h5", "/observables/train/loss", 2, 1e-3);
  const result *r = run("rerun @/a.h5");
  CU_ASSERT_EQUAL(r->code, MDM_ERR_EXPECT);
  CU_ASSERT(mentions(r->out, "NOT the same|1 of |numbers differ, in 1 array|standard errors, observables/train/loss[2]|has no checksum"));
  CU_ASSERT(last_line_mentions(r->err, "not repeated bit for bit|standard errors|observables/train/loss[2]"));
  CU_ASSERT(mentions(r->out, "program, compiler, BLAS kernel and vector instructions are the same"));
  r = run_as(&(start){.vectors = "plain"}, "rerun @/a.h5");
  CU_ASSERT(r->code == MDM_ERR_EXPECT && (strstr(mdm_blas(), "vectors plain") || strstr(r->out, "vector instructions")));
  CU_ASSERT_EQUAL(run("rerun -q @/a.h5")->out[0], '\0');
}

/* -o keeps the new file, which is a file like the first. */
static void test_kept_file(void) {
  succeeds("simulate - -q -o @/a.h5 " SMALL);
  succeeds("rerun @/a.h5 -q -o @/b.h5");
  succeeds("rerun @/b.h5 -q");
  const result *r = run("rerun @/a.h5 -o @/b.h5");
  CU_ASSERT(r->code == MDM_ERR_IO && last_line_mentions(r->err, "exists|--force"));
  succeeds("rerun @/a.h5 -q -o @/b.h5 --force");
  r = run("rerun @/a.h5 -o @/a.h5 --force");
  CU_ASSERT(r->code == MDM_ERR_IO && last_line_mentions(r->err, "it is the file whose run is repeated"));
  CU_ASSERT_EQUAL(run("rerun @/a.h5 --force")->code, MDM_ERR_USAGE);
  CU_ASSERT_EQUAL(run("rerun @/a.h5 -q -s train.lr=2")->code, MDM_ERR_USAGE);
  CU_ASSERT_EQUAL(run("rerun @/none.h5")->code, MDM_ERR_IO);
  spit_text("c.h5", "no file of ours");
  CU_ASSERT_EQUAL(run("rerun @/c.h5")->code, MDM_ERR_IO);
}

#define DATA "-s data.source=hdf5 -s data.file=@/d.h5 "

/* Samples of single runs are in their files; those of a sweep must be the same ones. */
static void test_data(void) {
  write_samples("d.h5", 7, 5, 7, 0, 1, 1);
  succeeds("solve - -q -o @/a.h5 " SMALL DATA);
  succeeds("sweep - -q -o @/s.h5 " SMALL DATA "--no-limit --over train.lr=0.1,0.2");
  CU_ASSERT(strstr(run("rerun @/a.h5")->out, "gives the samples that the file holds") != NULL);
  CU_ASSERT(strstr(run("rerun @/s.h5")->out, "gives the samples of the sweep") != NULL);
  write_samples("d.h5", 7, 5, 7, 0, 2, 1);
  const result *r = run("rerun @/a.h5");
  CU_ASSERT(r->code == 0 && mentions(r->out, "has changed|repeated bit for bit"));
  r = run("rerun @/s.h5");
  CU_ASSERT(r->code == MDM_ERR_DATA && last_line_mentions(r->err, "samples have changed|checksum"));
  remove(in_folder("d.h5"));
  r = run("rerun @/a.h5");
  CU_ASSERT(r->code == 0 && mentions(r->out, "cannot be read|on the samples that the file holds"));
  CU_ASSERT(run("rerun @/s.h5")->code == MDM_ERR_DATA);
  write_samples("e.h5", 7, 5, 7, 0, 1, 1);
  succeeds("rerun -q @/s.h5 -s data.file=@/e.h5");
}

static const test_case tests[] = {
    {"every command is repeated bit for bit", test_every_command},
    {"a file in pieces is repeated in one", test_pieces},
    {"an interrupted file: its single runs", test_interrupted},
    {"a rerun that was stopped goes on", test_goes_on},
    {"a deviation is found and named", test_deviation},
    {"the new file is kept, and replaces nothing", test_kept_file},
    {"data that changed or are gone", test_data},
};

SUITE_IN_FOLDER("cli/rerun", tests)
