/* Commands from the command line to what they print and write. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <moedmft/report.h>

#include "support/folder.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/suite.h"
#include "support/words.h"

/* Tensors that Adam leaves alone in the limit are named. */
static void test_frozen_by_epsilon(void) {
  const result *r = run("solve - --force -o @/a.h5 " SMALL "-s train.optimizer=adam -s train.adam.eps_scale=global");
  CU_ASSERT(r->code == 0 && mentions(r->err, "gradient of W_in sinks below|gradient of W2 sinks below") && !strstr(r->err, "gradient of w_out"));
  r = run("solve - --force -o @/a.h5 " SMALL "-s train.optimizer=adam");
  CU_ASSERT(r->code == 0 && !strstr(r->err, "sinks below"));
}

/* Noise that networks do not average over is named, and kept in the file; it routes nothing without a limit being refused. */
static void test_noise_is_named(void) {
  const result *r = run("solve - --force -o @/a.h5 " SMALL "-s model.regime=I -s train.optimizer=sign");
  CU_ASSERT(r->code == 0 && mentions(r->err, "sign descent moves Q by the sign of rho"));
  r = run("info @/a.h5");
  CU_ASSERT(mentions(r->out, "not_self_averaging = sign descent"));
  r = run("solve - --force -o @/a.h5 " SMALL "-s train.optimizer=adam -s train.adam.eps=1e-3 -s model.parameterization=mup");
  CU_ASSERT(r->code == 0 && mentions(r->err, "width of about 1e+06"));
  r = run("solve - --force -o @/a.h5 " SMALL "-s train.optimizer=adam -s train.adam.eps=1e-3");
  CU_ASSERT(r->code == 0 && !strstr(r->err, "width of about"));
  r = run("simulate - -q -o @/b.h5 " SMALL "-s model.regime=I -s model.parameterization=mcb -s model.experts=8 -s model.active=1");
  CU_ASSERT_EQUAL(r->code, 0);
  r = run("solve - -q -o @/c.h5 " SMALL "-s model.regime=I -s model.parameterization=mcb -s model.experts=8 -s model.active=1");
  CU_ASSERT(r->code == MDM_ERR_CONFIG && is_one_line(r->err) && mentions(r->err, "no limit exists|router_bias_std") && !exists("c.h5"));
}

/* What a limit's own sample says against it: noise taken for a gradient, twins that part. */
static void test_biased_samples_are_named(void) {
  static const struct {
    const char *settings, *said;
  } cases[] = {{"-s train.optimizer=adam", "follow noise|solve.neuron_particles|train.adam.eps"}, {"-s train.optimizer=sign", "follow noise"},
               {"-s train.optimizer=adam -s train.adam.eps=0.1", NULL}, {"-s train.optimizer=adam -s train.adam.eps_scale=global", NULL},
               {"-s train.optimizer=adam -s train.lr_multiplier.router=0", NULL}, {"-s train.optimizer=adam -s model.parameterization=mssp", NULL},
               {"-s model.gate_temperature=0.2 -s train.steps=16", "came to differ|train.momentum: 0"}, {"-s train.steps=16", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char line[500];
    snprintf(line, sizeof line, "solve - --force -o @/a.h5 " SMALL "-s model.regime=III -s model.parameterization=mup -s solve.particles=500 %s", cases[i].settings);
    const result *r = run("%s", line);
    CU_ASSERT_EQUAL(r->code, 0);
    if (cases[i].said) CU_ASSERT(mentions(r->err, cases[i].said));
    if (!cases[i].said) CU_ASSERT(!strstr(r->err, "follow noise") && !strstr(r->err, "came to differ"));
  }
  const result *r = run("sweep - --force -o @/s.h5 " SMALL "-s model.regime=III -s model.parameterization=mup -s solve.particles=500 -s train.steps=16 "
                        "--over model.gate_temperature=1,0.2");
  CU_ASSERT(r->code == 0 && mentions(r->err, "doubt: |came to differ"));
  r = run("sweep - --force -o @/s.h5 " SMALL "-s model.regime=III -s model.parameterization=mup -s solve.particles=500 -s train.steps=16 --over model.gate_temperature=1,2");
  CU_ASSERT(r->code == 0 && !strstr(r->err, "came to differ"));
}

static void test_texts(void) {
  const result *r = run("--help");
  CU_ASSERT(r->code == 0 && !*r->err &&
            mentions(r->out, "solve|simulate|compare|info|plot|options|--set|exit status|130"));
  r = run("solve - -o @/x.h5 --version");
  CU_ASSERT(r->code == 0 && mentions(r->out, "moedmft|commit|compiler|BLAS") && !exists("x.h5"));
  r = run("options");
  CU_ASSERT(r->code == 0 && !*r->err &&
            mentions(r->out, "train.lr: 0.5|model.gate: sigmoid|sigmoid|constant|output.every_seed"));
  r = run("compare - -o @/x.h5 " SMALL);
  CU_ASSERT(r->code == 0 && !*r->out && mentions(r->err, "cosine: 4 train|memory needed|limit|N = 8|wrote"));
  r = run("info @/x.h5");
  CU_ASSERT(r->code == 0 && !*r->err && mentions(r->out, "train loss|N = 16|Options|x.h5|info --datasets") && !strstr(r->out, "observables/"));
  r = run("info --datasets @/x.h5");
  CU_ASSERT(r->code == 0 && mentions(r->out, "train loss|Datasets|deviation (± stderr)") && !strstr(r->out, "info --datasets"));
}

/* A coordinate check, from the command line to the picture. */
static void test_coordcheck(void) {
  static const refusal usage[] = {{"coordcheck -", "-o FILE"},
                                  {"solve - -o @/earlier.h5 --expect", "--expect goes with compare and coordcheck"},
                                  {"coordcheck - -o @/earlier.h5 --expect=rate", "--expect takes no list"}};
  static const refusal options[] = {{"-s simulate.widths=[8]", "simulate.widths|at least two"},
                                    {"-s simulate.seeds=1", "simulate.seeds"},
                                    {"-s train.steps=1", "train.steps|at least 3"},
                                    {"-s output.parts=maybe", "output.parts|true"}};
#define FEW "-s solve.particles=300 -s solve.replicas=2 -s train.steps=3 -s simulate.widths=[8,16] -s simulate.seeds=4 "
  REFUSED(MDM_ERR_USAGE, "", usage);
  REFUSED(MDM_ERR_CONFIG, "coordcheck - -q -o @/earlier.h5 ", options);
  remove(in_folder("earlier.h5"));
  const result *r = run("coordcheck - -o @/a.h5 " FEW "-t 1");
  check(r->code == 0 && mentions(r->out, "W2/forward|effective|predicted|balanced aggregation|N = 16"), "expected a table", "coordcheck", r);
  succeeds("coordcheck - -q -o @/b.h5 " FEW "-t 5");
  same_results("a.h5", "b.h5", 1);
  r = run("info @/a.h5");
  check(r->code == 0 && mentions(r->out, "Coordinate check|W2/forward|propagating|promised|parts/"), "expected a summary", "info", r);
  succeeds("plot -q @/a.h5 -o @/a.png");
  succeeds("plot -q @/a.h5 -o @/a.svg");
  r = run("coordcheck - -q -o @/c.h5 --expect -s model.parameterization=mup -s model.readout_std=0 " FEW
          "-s simulate.widths=[16,64] -s simulate.seeds=8");
  check(r->code == MDM_ERR_EXPECT && is_one_line(r->err) && exists("c.h5"), "expected a broken promise", "coordcheck --expect", r);
  r = run("coordcheck - -q --force -o @/c.h5 --expect -s train.lr=0 " FEW);
  check(r->code == MDM_ERR_EXPECT && mentions(r->err, "unresolved|feature learning|train.lr"), "expected nothing to be seen", "coordcheck --expect", r);
}

/* A sweep that is stopped, goes on, is looked at, and does not take another sweep's file. */
static void test_sweep_command(void) {
  static const refusal usage[] = {
      {"sweep - -o @/earlier.h5", "sweep needs --over"},
      {"sweep - --over train.lr=1,2", "-o FILE"},
      {"sweep - -o @/earlier.h5 --over train.lr=1,2 --measure worst", "--measure worst|final, best, tail, test"},
      {"solve - -o @/earlier.h5 --over train.lr=1,2", "go with sweep"},
      {"compare - -o @/earlier.h5 --no-limit", "go with sweep"},
  };
  static const refusal configuration[] = {
      {"--over train.lrr=1,2", "--over train.lrr=1,2|unknown key 'train.lrr'"},
      {"--over train.lr=1,x", "--over train.lr=1,x|not a number"},
      {"--over train.lr=1,2 --measure test", "--measure test|data.test"},
      {"--over model.active_fraction=0.01,1", "model.active_fraction = 0.01|K = 0"},
      {"--over train.lr=1,2 -s solve.accuracy=0.1", "solve.accuracy = 0.1 has no effect|solve.replicas"},
      {"--over train.lr=1,2 -s solve.sweeps=2", "solve.sweeps"},
  };
#define SWEEP "-o @/s.h5 " SMALL "--over train.lr=log:0.1:0.8:4 --over model.parameterization=mup,ntp"
  REFUSED(MDM_ERR_USAGE, "", usage);
  REFUSED(MDM_ERR_CONFIG, "sweep - -q -o @/new.h5 " SMALL, configuration);
  refused_as(&(start){0}, MDM_ERR_IO, "earlier.h5|not an HDF5 file|choose another -o", "sweep - -o @/earlier.h5 " SMALL "--over train.lr=1,2");
  clear();
  const result *r = run_and_stop("sweep - -t 2 " SWEEP " -s train.steps=3000", SIGINT, 1000);
  CU_ASSERT(r->code == MDM_INTERRUPTED && last_line_mentions(r->err, "interrupted: stopped|of 24 cells are in|goes on"));
  CU_ASSERT_EQUAL(run("info @/s.h5")->code, 0);
  CU_ASSERT(exists("s.h5.checkpoint") && entries(NULL, 0) == 2);
  clear();
  succeeds("sweep - -q " SWEEP);
  r = run("sweep - " SWEEP);
  CU_ASSERT(r->code == 0 && !*r->out && mentions(r->err, "already complete|nothing to do|best train.lr|drift|without a limit"));
  r = run("info @/s.h5");
  CU_ASSERT(r->code == 0 && !*r->err && mentions(r->out, "moedmft sweep|best train.lr|infinity|drift|loss that the best train.lr of N = |--datasets") && !strstr(r->out, "optimum_kind"));
  r = run("info --datasets @/s.h5");
  CU_ASSERT(r->code == 0 && mentions(r->out, "best train.lr|optimum_kind"));
  succeeds("plot @/s.h5 -q -o @/s.svg");
  CU_ASSERT(exists("s.svg"));
  refused_as(&(start){0}, MDM_ERR_CONFIG, "s.h5 holds another sweep|train.steps is 3 there and 4 now", "sweep - " SWEEP " -s train.steps=4");
  refused_as(&(start){0}, MDM_ERR_CONFIG, "s.h5 holds another sweep|leave --no-limit out", "sweep - --no-limit " SWEEP);
#undef SWEEP
}

/* Words and exit codes of the verdict. */
static void test_expect(void) {
  static const refusal usage[] = {{"--expect=rates", "--expect=rates|rate,limit"}, {"--expect=", "--expect="}, {"--expect=rate,", "rate,limit"},
                                  {"--expect rates", "one file|rate,limit"}};
  static const refusal options[] = {{"--expect -s simulate.widths=16", "simulate.widths|two"}, {"--expect limit -s solve.replicas=2", "solve.replicas|at least 3"},
                                    {"--expect -s simulate.seeds=2", "simulate.seeds|at least 3"}};
  REFUSED(MDM_ERR_USAGE, "compare - -q -o @/earlier.h5 ", usage);
  REFUSED(MDM_ERR_CONFIG, "compare - -q -o @/earlier.h5 ", options);
  const result *r = run("compare - -o @/a.h5 --expect rate,limit " JUDGED);
  check(r->code == 0 && mentions(r->err, "verdict: rate holds|limit agrees"), "expected agreement", "compare --expect rate,limit", r);
  char *text = NULL;
  CU_ASSERT_EQUAL(mdm_file_info(in_folder("a.h5"), 1, &text, NULL), MDM_OK);
  CU_ASSERT(text && mentions(text, "verdict: rate holds|extrapolated to N|20 farthest|predicted"));
  free(text);
  r = run("compare --expect=limit - -q -o @/b.h5 -s solve.tolerance=0.9 " JUDGED); /* a limit that is wrong */
  check(r->code == MDM_ERR_EXPECT && is_one_line(r->err) && mentions(r->err, "limit deviates") && !*r->out && exists("b.h5"), "expected a deviation",
        "compare --expect=limit", r);
  r = run("compare - -o @/c.h5 " SMALL "-s solve.tolerance=0.9");
  check(r->code == 0 && mentions(r->err, "verdict: rate unresolved"), "expected a verdict that nobody asked for", "compare", r);
  r = run("compare - -q -o @/d.h5 --expect rate " SMALL "-s simulate.seeds=3 -s solve.replicas=3");
  check(r->code == MDM_ERR_EXPECT && mentions(r->err, "rate unresolved|simulate.seeds"), "expected advice", "compare --expect rate", r);
  r = run("compare - -o @/e.h5 " SMALL "-s simulate.seeds=2 -s solve.replicas=3");
  check(r->code == 0 && mentions(r->err, "rate unresolved (2 networks of N = |limit unresolved (2 networks") && !strstr(r->err, "nan") && !strstr(r->err, "N^--"),
        "expected no errors of two runs", "compare", r);
}

static const test_case tests[] = {
    {"tensors frozen by epsilon are named", test_frozen_by_epsilon},
    {"noise that networks do not average over is named", test_noise_is_named},
    {"samples that bias their limit are named", test_biased_samples_are_named},
    {"help, options, summary", test_texts},
    {"coordinate checks", test_coordcheck},
    {"sweeps", test_sweep_command},
    {"expectations of a comparison", test_expect},
};

SUITE_IN_FOLDER("cli/commands", tests)
