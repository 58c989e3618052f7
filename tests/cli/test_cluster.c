/* The program on several ranks: the same bits, one writer, and one end for all. */
#include <moedmft/error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/folder.h"
#include "support/program.h"
#include "support/results.h"
#include "support/sweeps.h"
#include "support/suite.h"
#include "support/words.h"

/* Succeeds on so many ranks. Whether all of them did some of the runs, which a busy machine may prevent now and then. */
static int succeeds_on(int ranks, const char *line) {
  const result *r = run_as(&(start){.ranks = ranks}, line);
  check(r->code == 0, "expected success on ranks", line, r);
  if (ranks == 1) return 1;
  const char *balance = strstr(r->err, ranks == 2 ? " on 2 ranks: " : " on 3 ranks: ");
  check(balance != NULL, "expected the balance of ranks", line, r);
  return balance && !strstr(balance, " 0 +") && !strstr(balance, "+ 0;");
}

#define RUNS "-s solve.particles=300 -s solve.replicas=3 -s train.steps=20 -s simulate.widths=[32,64] -s simulate.seeds=12 "

/* As the program without MPI: every array of limit, networks and members, on one to three ranks. */
static void same_on_ranks(const char *format) {
  char line[2000];
  int worked = 0;
  snprintf(line, sizeof line, format, "plain.h5", "-q -t 1");
  succeeds("%s", line);
  for (int ranks = 1; ranks <= 3; ranks++) {
    snprintf(line, sizeof line, format, "ranks.h5", ranks == 2 ? "--force -t 2" : "--force -t 1");
    int all = succeeds_on(ranks, line);
    worked += ranks > 1 && all;
    same_results("plain.h5", "ranks.h5", 1);
  }
  CU_ASSERT(worked > 0);
}

static void test_same(void) {
  if (has_ranks()) same_on_ranks("compare - -o @/%s %s --save-weights -s output.every_seed=true " RUNS);
}

/* One replica, or two, of which each belongs to several ranks: in all regimes, by all optimizers, with directions that are forgotten, with selected experts, in
 * blocks, with heads, whose rows stay together, with tests and clipping, and with so many samples that BLAS takes part. The sizes are such that pieces of experts
 * and of neurons end at different rows. */
#define LARGE "solve - -o @/%s %s --force -s solve.particles=33000 -s solve.replicas=1 -s train.steps=2 "
#define FORGETS LARGE "-s solve.rank=2 -s data.train=12 -s train.batch=2 "
static const char *const together[] = {
    LARGE "-s solve.expert_particles=33000 -s model.expert_width=1 -s model.active_fraction=0.25 -s model.gate=softmax -s train.lr=0.05 -s data.test=3 -s train.balance=importance -s train.balance_coefficient=0.1",
    LARGE "-s model.active_fraction=0.25 -s train.optimizer=adam -s train.lr=0.01 -s solve.pivots=16",
    LARGE "-s model.regime=III -s model.parameterization=mup -s model.depth=2 -s model.norm=rms -s train.clip=0.1 -s solve.precision=double -s data.train=6",
    LARGE "-s model.regime=III -s model.active_fraction=0.5 -s train.optimizer=momentum -s model.depth=1 -s model.norm=layer",
    LARGE "-s model.regime=I -s model.experts=3 -s model.active=2 -s model.router_bias_std=0.3 -s model.gate=softmax -s train.optimizer=adam -s train.lr=0.01 -s solve.pivots=16 -s data.test=3",
    FORGETS "-s model.regime=I -s model.active=1 -s model.router_bias_std=0.3 -s train.steps=3 -s train.optimizer=momentum -s train.balance=importance -s train.balance_coefficient=0.1",
    LARGE "-s model.depth=1 -s model.blocks=[moe,attention] -s model.head_width=5 -s model.query_groups=2 -s model.position=learned -s data.train=6 -s data.context=3 -s model.norm=rms "
          "-s solve.expert_particles=400 -s model.causal=false -s train.steps=1",
    LARGE "-s model.depth=1 -s model.blocks=[attention] -s model.head_width=2 -s model.position=rotary -s model.query_key_norm=true -s data.context=4 -s train.optimizer=momentum",
    LARGE "-s solve.expert_particles=400 -s train.steps=1 -s data.train=1 -s data.test=97 -s data.dimension=97 -s output.statistics=false -s output.kernels=false",
};

/* Where the processor has it: a kernel of OpenBLAS whose bits depend on where rows are cut. */
static start on_ranks(int ranks) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return (start){.ranks = ranks, .blas = "Haswell", .vectors = "avx2"};
#endif
  return (start){.ranks = ranks};
}

static void test_together(void) {
  for (size_t i = 0; i < COUNT(together) && has_ranks(); i++)
    for (int ranks = 0; ranks <= 3; ranks += ranks ? 1 : 2) {
      char text[1000];
      const start how = on_ranks(ranks);
      if (i && ranks && (size_t)ranks != 2 + i % 2) continue; /* the first one on two and on three, others on either */
      snprintf(text, sizeof text, together[i], ranks ? "ranks.h5" : "plain.h5", ranks == 3 ? "-t 2" : "-t 1");
      const result *r = run_as(&how, text);
      check(r->code == 0 && (!ranks || mentions(r->err, "each replica on|ranks together")), "expected a replica on ranks", text, r);
      if (ranks) same_results("plain.h5", "ranks.h5", 1);
    }
}

/* Stopped in the middle, on so many ranks: before the first step there is nothing to keep, which a busy machine may take long for. */
static void stop_together(int ranks, const char *line) {
  const result *r = NULL;
  for (long wait = 150; wait < 5000 && !exists("part.h5.checkpoint"); wait *= 2) r = run_and_stop_as(&(start){.ranks = ranks}, line, 1, SIGTERM, wait);
  check(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped"), "expected to be stopped", line, r);
  CU_ASSERT(exists("part.h5.checkpoint"));
}

/* Stopped on two ranks, it goes on without any, and stopped again on three: what ranks hold of it is in one file. Where that cannot be written, all go on. */
static void test_together_goes_on(void) {
  static const char line[] = "solve - -t 1 -o @/%s -s solve.replicas=1 -s solve.particles=33000 -s train.steps=24 -s model.regime=III "
                             "-s train.optimizer=momentum -s train.lr=0.05 -s output.statistics=false ";
  char text[1000];
  if (!has_ranks()) return;
  snprintf(text, sizeof text, line, "part.h5");
  stop_together(2, text);
  const result *r = run_and_stop(text, SIGTERM, 100);
  check(r->code == MDM_INTERRUPTED && mentions(r->err, "going on from|part.h5.checkpoint, which holds 1 run"), "expected to be stopped again", text, r);
  r = run_as(&(start){.ranks = 3}, text);
  check(r->code == 0 && mentions(r->err, "going on from|part.h5.checkpoint, which holds 1 run"), "expected to go on", text, r);
  snprintf(text, sizeof text, line, "whole.h5");
  succeeds("%s -q", text);
  same_results("part.h5", "whole.h5", 1);
  snprintf(text, sizeof text, LARGE "-s train.optimizer=adam -s train.lr=0.01 -s solve.pivots=16 -s output.checkpoint=2e-4", "part.h5", "-t 1");
  r = run_as(&(start){.ranks = 2, .file_size = 20000000}, text); /* enough for MPI */
  const char *said = strstr(r->err, "cannot write the checkpoint");
  check(r->code == 0 && said && mentions(said, "File too large|the run goes on|each replica on 2 ranks together") && !strstr(said + 1, "cannot write the checkpoint"),
        "expected one notice", text, r);
}

#define FEW_HEADS LARGE "-s train.steps=1 -s model.depth=1 -s model.blocks=[attention] -s model.regime=I -s model.attention_scale=full -s model.heads=2 -s data.train=2 -s data.context=2 -s output.statistics=false"
/* Two replicas, each on two of four ranks. What ranks cannot share is said, and done as ever. */
static void test_groups(void) {
  char text[1000];
  if (!has_ranks()) return;
  snprintf(text, sizeof text, LARGE "-s solve.replicas=2", "plain.h5", "-q -t 1");
  succeeds("%s", text);
  snprintf(text, sizeof text, LARGE "-s solve.replicas=2", "ranks.h5", "-t 1");
  const result *r = run_as(&(start){.ranks = 4}, text);
  check(r->code == 0 && mentions(r->err, "each replica on 2 ranks together"), "expected two groups", text, r);
  same_results("plain.h5", "ranks.h5", 1);
  r = run_as(&(start){.ranks = 2}, "solve - -t 1 -o @/ntk.h5 -s output.ntk=true -s solve.replicas=1 -s solve.particles=33000 -s train.steps=1");
  check(r->code == 0 && mentions(r->err, "cannot share one|output.ntk"), "expected a word", "tangent kernels", r);
  snprintf(text, sizeof text, FEW_HEADS, "plain.h5", "-q -t 1");
  succeeds("%s", text);
  snprintf(text, sizeof text, FEW_HEADS, "ranks.h5", "-t 1");
  r = run_as(&(start){.ranks = 2}, text);
  check(r->code == 0 && mentions(r->err, "cannot share one|4096 heads"), "expected a word", "few heads that widen", r);
  same_results("plain.h5", "ranks.h5", 1);
}

/* A signal ends both; what fails is told once; a rank that dies takes nobody along. */
static void test_together_ends(void) {
  static const char line[] = "solve - -t 1 --force -o @/part.h5 -s solve.replicas=1 -s solve.particles=33000 -s train.steps=3000 -s output.kernels=false";
  if (!has_ranks()) return;
  const result *r = run_and_stop_as(&(start){.ranks = 2}, line, 0, SIGTERM, 300);
  check(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped"), "expected to be stopped", line, r);
  r = run_and_stop_as(&(start){.ranks = 2}, line, 1, SIGKILL, 300);
  check(r->code == 128 + SIGKILL, "expected to be ended by mpirun", line, r);
  r = run_as(&(start){.ranks = 2}, "solve - -q -t 1 --force -o @/part.h5 -s solve.replicas=1 -s solve.particles=33000 -s train.steps=30 -s train.lr=1e6");
  check(r->code == MDM_ERR_DIVERGED && is_one_line(r->err) && mentions(r->err, "diverged at step"), "expected divergence", line, r);
}

static void test_sweep(void) {
  static const char line[] = "sweep - -o @/%s %s -s simulate.seeds=8 -s solve.particles=200 -s solve.replicas=2 -s train.steps=40 "
                             "-s simulate.widths=[16,32] --over train.lr=0.2,0.4,1e6 --over data.train=4,6 ";
  char text[1000];
  size_t compared = 0;
  int worked = 0;
  if (!has_ranks()) return;
  snprintf(text, sizeof text, line, "plain.h5", "-q -t 1");
  succeeds("%s", text);
  for (int ranks = 2; ranks <= 3; ranks++) {
    snprintf(text, sizeof text, line, "ranks.h5", ranks == 2 ? "--force -t 2" : "--force -t 1");
    worked += succeeds_on(ranks, text);
    CU_ASSERT_EQUAL(differences("plain.h5", "ranks.h5", "/", 1, &compared), 0);
  }
  CU_ASSERT(compared > 30);
  CU_ASSERT(worked > 0);
}

/* A state that is found in steps is sent to all ranks at each; a pilot decides how many replicas there are. */
static void test_states(void) {
  static const char *const lines[] = {
      "solve - -o @/%s %s -s solve.particles=300 -s solve.replicas=4 -s train.steps=20 --sweeps 3",
      "solve - -o @/%s %s -s solve.particles=300 -s solve.replicas=4 -s train.steps=20 --sweeps 2 -s solve.start=lazy",
      "solve - -o @/%s %s -s solve.particles=300 -s train.steps=20 -s solve.accuracy=0.003",
      "solve - -o @/%s %s -s train.steps=20 -s solve.accuracy=0.003",
      ("coordcheck - -o @/%s %s " RUNS),
  };
  for (size_t i = 0; i < COUNT(lines) && has_ranks(); i++) {
    char text[1000];
    snprintf(text, sizeof text, lines[i], "plain.h5", "-q --force -t 1");
    succeeds("%s", text);
    snprintf(text, sizeof text, lines[i], "ranks.h5", "-q --force -t 1");
    const result *r = run_as(&(start){.ranks = 3}, text);
    check(r->code == 0 && !*r->err, "expected silent success on ranks", text, r);
    same_results("plain.h5", "ranks.h5", 1);
  }
}

#define MANY "-t 1 -s solve.particles=200 -s solve.replicas=4 -s simulate.widths=[8,32] -s simulate.seeds=300 -s output.kernels=false "
#define SHORT MANY "-s train.steps=100 "
#define LONG MANY "-s train.steps=3000 "

/* A signal that mpirun passes on, and one to a single rank, end all ranks; the same command goes on, on other ranks. */
static void test_goes_on(void) {
  if (!has_ranks()) return;
  const result *r = run_and_stop_as(&(start){.ranks = 3}, "compare - -o @/part.h5 " SHORT, -1, SIGUSR1, 200);
  check(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped|goes on"), "expected to be stopped by mpirun", SHORT, r);
  CU_ASSERT_EQUAL(entries(NULL, 0), 1 + exists("part.h5.checkpoint"));
  r = run_and_stop_as(&(start){.ranks = 2}, "compare - -o @/part.h5 " SHORT, 1, SIGTERM, 100);
  check(r->code == MDM_INTERRUPTED && mentions(r->err, "going on from|complete runs|stopped: what is complete is being written") && last_line_mentions(r->err, "interrupted: stopped|goes on"),
        "expected to be stopped by rank 1", SHORT, r);
  r = run_as(&(start){.ranks = 2}, "compare - -o @/part.h5 " SHORT);
  check(r->code == 0 && mentions(r->err, "going on from|complete runs|300 seeds"), "expected to go on", SHORT, r);
  succeeds("compare - -q -o @/whole.h5 -t 2 " SHORT);
  same_results("part.h5", "whole.h5", 1);
}

/* Every rank says once that it cannot write a checkpoint; Open MPI itself needs larger files than that unless it talks through sockets. */
static void test_notices(void) {
  static const char line[] = "solve - -t 1 -o @/n.h5 -s solve.particles=3000 -s solve.replicas=4 -s train.steps=60 -s output.kernels=false -s output.statistics=false -s output.every_seed=false "
                             "-s output.checkpoint=2e-4";
  if (!has_ranks()) return;
  setenv("PMIX_MCA_gds", "hash", 1);
  setenv("OMPI_MCA_btl", "self,tcp", 1);
  const result *r = run_as(&(start){.ranks = 2, .file_size = 300000}, line);
  unsetenv("PMIX_MCA_gds");
  unsetenv("OMPI_MCA_btl");
  const char *own = strstr(r->err, "rank 1: cannot write the checkpoint");
  check(r->code == 0 && own && mentions(r->err, "  cannot write the checkpoint|File too large") && !strstr(own + 1, "rank 1: cannot write"), "expected a notice of each rank", line, r);
}

/* In a pilot: what follows does not begin. */
static void test_pilot(void) {
  static const char line[] = "solve - -t 1 -o @/pilot.h5 -s solve.accuracy=1e-4 -s solve.particles=400 -s train.steps=300";
  if (!has_ranks()) return;
  const result *r = run_and_stop_as(&(start){.ranks = 2}, line, 1, SIGTERM, 100);
  check(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped"), "expected to be stopped by rank 1", line, r);
}

/* Waits until the file holds an interrupted run, ten seconds at most. */
static int is_kept(const char *name) {
  char said[sizeof ((result *)0)->out] = "";
  for (int i = 0; i < 100 && !strstr(said, "interrupted"); i++) {
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    if (exists(name) && entries(NULL, 0) == 1 + exists("part.h5.checkpoint")) snprintf(said, sizeof said, "%s", run("info @/%s", name)->out);
  }
  return strstr(said, "interrupted") != NULL;
}

/* Where mpirun ends everybody, on its own account or because a rank died, complete runs reach the file after it; without rank 0 nothing
 * can, and nothing is half-written. */
static void test_ended(void) {
  static const struct {
    int rank, number, code;
  } cases[] = {{-1, SIGTERM, 1}, {-1, SIGINT, 1}, {1, SIGKILL, 128 + SIGKILL}};
  for (size_t i = 0; i < COUNT(cases) && has_ranks(); i++) {
    const result *r = NULL;
    int good = 0;
    for (int tries = 0; tries < 4 && !good; tries++) { /* mpirun gives ranks one second, which a busy machine may not */
      clear();
      r = run_and_stop_as(&(start){.ranks = 3}, "compare - -o @/part.h5 " LONG, cases[i].rank, cases[i].number, 400);
      good = r->code == cases[i].code && strstr(r->err, "stopped: what is complete is being written") != NULL;
    }
    check(good, "expected to be ended by mpirun", LONG, r);
    CU_ASSERT(is_kept("part.h5"));
    clear();
  }
  if (!has_ranks()) return;
  succeeds("solve - -q -o @/part.h5 " SMALL);
  const result *r = run_and_stop_as(&(start){.ranks = 3}, "compare - --force -o @/part.h5 " LONG, 0, SIGKILL, 400);
  CU_ASSERT_EQUAL(r->code, 128 + SIGKILL);
  CU_ASSERT(mentions(run("info @/part.h5")->out, "moedmft solve|complete"));
}

/* Divergence and failure, wherever they happen, are told once, by rank 0. */
static void test_troubles(void) {
  if (!has_ranks()) return;
  const result *r = run("compare - -q -t 1 -o @/plain.h5 -s train.lr=1e6 " RUNS);
  CU_ASSERT_EQUAL(r->code, MDM_ERR_DIVERGED);
  r = run_as(&(start){.ranks = 3}, "compare - -q -t 1 -o @/ranks.h5 -s train.lr=1e6 " RUNS);
  check(r->code == MDM_ERR_DIVERGED && is_one_line(r->err) && mentions(r->err, "diverged at step|lower train.lr"), "expected divergence", RUNS, r);
  same_results("plain.h5", "ranks.h5", 1);
  clear();
  r = run_as(&(start){.ranks = 3}, "solve - -q -t 1 -o @/ranks.h5 -s solve.replicas=9 -s solve.particles=8");
  check(r->code == MDM_ERR_NUMERIC && is_one_line(r->err) && mentions(r->err, "raise solve.particles"), "expected failure", RUNS, r);
  CU_ASSERT_EQUAL(entries(NULL, 0), 0);
}

/* What ranks are of no use for; mistakes are told once. */
static void test_refusals(void) {
  static const struct {
    start how;
    int code;
    const char *line, *said;
  } cases[] = {
      {{.ranks = 2}, MDM_ERR_USAGE, "options", "options has no runs that 2 ranks could share|solve, simulate, compare, rerun, coordcheck and sweep"},
      {{.ranks = 2}, MDM_ERR_CONFIG, "solve - -o @/a.h5 -s train.lr=fast", "train.lr"},
      {{.ranks = 2, .alone = 1}, MDM_ERR_USAGE, "solve - -o @/a.h5 " SMALL, "built without MPI|2 copies|make MPI=1"},
  };
  for (size_t i = 0; i < COUNT(cases) && has_ranks(); i++) {
    const result *r = run_as(&cases[i].how, cases[i].line);
    check(r->code == cases[i].code && is_one_line(r->err) && mentions(r->err, cases[i].said) && !*r->out, "expected a refusal", cases[i].line, r);
    CU_ASSERT_EQUAL(entries(NULL, 0), 0);
  }
  if (has_ranks()) succeeds_on(1, "solve - -o @/a.h5 " SMALL);
}

static const test_case tests[] = {
    {"the same bits on 1, 2, 3 ranks, with 1 or 2 threads", test_same},
    {"one replica on several ranks", test_together},
    {"a replica on several ranks is stopped and goes on", test_together_goes_on},
    {"groups of ranks", test_groups},
    {"the end of a replica on several ranks", test_together_ends},
    {"checkpoints that ranks cannot write", test_notices},
    {"sweeps on ranks", test_sweep},
    {"states and pilots on ranks", test_states},
    {"a signal to one is a signal to all; the same command goes on", test_goes_on},
    {"a signal to another rank in a pilot", test_pilot},
    {"mpirun ends everybody, and complete runs are kept", test_ended},
    {"divergence and failure on ranks", test_troubles},
    {"refusals", test_refusals},
};

SUITE_IN_FOLDER("cli/cluster", tests)
