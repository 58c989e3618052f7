/* Runs that are stopped after every few steps and go on in new objects end with the bits of runs that were never stopped: over every realization,
 * optimizer and observable, so that a buffer which is not listed in a walk (base/state.h) shows. Complete runs are not done again; what does not
 * fit is refused. */
#include <moedmft/moedmft.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "run/checkpoint.h"
#include "support/folder.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"

#define SMALL "solve.particles=120 solve.replicas=2 simulate.widths=10 simulate.seeds=1 train.steps=6 output.times=[0,2,3,6] solve.tolerance=0.02 "
#define ALL_OUTPUT "output.responses=true output.ntk=true output.parts=true data.test=3 output.every=2 "
#define RANK "solve.rank=3 data.train=12 train.batch=2 data.test=3 "
#define TINY "solve.particles=40 solve.replicas=2 solve.tolerance=0.05 train.steps=6 output.times=[0,2,6] simulate.widths=10 simulate.seeds=1 "

/* Reports of a work that is to be stopped. */
typedef struct {
  size_t left;                 /* until it stops; 0: never */
  volatile sig_atomic_t stop;
} stopper;

static void report(void *context, const mdm_progress *p) {
  stopper *s = context;
  (void)p;
  if (s->left > 0 && --s->left == 0) s->stop = 1;
}

/* The work once, stopped after so many reports (0: never), and its status. */
static int attempt(const mdm_config *cfg, const mdm_data *data, int what, const char *state, size_t reports, mdm_outcome *out) {
  mdm_checkpoint *c = NULL;
  mdm_error err = {0};
  stopper s = {.left = reports};
  CU_ASSERT_EQUAL_FATAL(mdm_checkpoint_create(in_folder(state), "test", 0, &c, &err), MDM_OK);
  const mdm_monitor monitor = {.report = report, .context = &s, .stop = &s.stop, .threads = 1, .save_weights = 1, .checkpoint = c};
  int status = mdm_run(cfg, data, what, &monitor, out, &err);
  if (status && status != MDM_INTERRUPTED) fprintf(stderr, "%s\n", err.text);
  mdm_checkpoint_free(c);
  return status;
}

/* Whether two records have the same arrays with the same bits. */
static int same(const char *settings, const mdm_record *a, const mdm_record *b) {
  if (!a != !b || (a && mdm_record_count(a) != mdm_record_count(b))) return 0;
  for (size_t i = 0; a && i < mdm_record_count(a); i++) {
    const mdm_array *x = mdm_record_at(a, i), *y = mdm_record_find(b, x->path);
    if (strstr(x->path, "seconds")) continue;
    if (y && mdm_same_shape(x, y) && !memcmp(x->value, y->value, mdm_elements(x->rank, x->dim) * sizeof *x->value) && !strcmp(x->text, y->text)) continue;
    fprintf(stderr, "%s: %s differs after interruptions\n", settings, x->path);
    return 0;
  }
  return 1;
}

static int same_runs(const char *settings, const mdm_ensemble *a, const mdm_ensemble *b) {
  int fine = a->runs == b->runs;
  for (size_t i = 0; i < a->runs && fine; i++)
    fine = same(settings, a->each[i], b->each[i]) && same(settings, a->weights ? a->weights[i] : NULL, b->weights ? b->weights[i] : NULL);
  return fine;
}

static int same_outcomes(const char *settings, const mdm_outcome *a, const mdm_outcome *b) {
  int fine = same_runs(settings, &a->limit, &b->limit) && same(settings, a->sweeps.record, b->sweeps.record) && a->widths == b->widths;
  for (size_t w = 0; w < a->widths && fine; w++) fine = same_runs(settings, &a->networks[w], &b->networks[w]);
  return fine;
}

static void goes_on(int what, const char *settings, size_t reports) {
  mdm_config *cfg = NULL;
  mdm_data *data = NULL;
  mdm_error err = {0};
  mdm_outcome whole, parts;
  int status = try_configure(settings, &cfg, &err), attempts = 1;
  if (!status) status = mdm_data_load(cfg, &data, &err);
  if (status) fprintf(stderr, "%s: %s\n", settings, err.text);
  CU_ASSERT_EQUAL_FATAL(status, MDM_OK);
  CU_ASSERT_EQUAL(attempt(cfg, data, what, "whole", 0, &whole), MDM_OK);
  while ((status = attempt(cfg, data, what, "parts", reports, &parts)) == MDM_INTERRUPTED && attempts++ < 100) mdm_outcome_clear(&parts);
  CU_ASSERT_EQUAL(status, MDM_OK);
  CU_ASSERT(attempts > 3);
  CU_ASSERT(!status && same_outcomes(settings, &whole, &parts));
  mdm_checkpoint_remove(in_folder("whole"));
  mdm_checkpoint_remove(in_folder("parts"));
  CU_ASSERT(!exists("whole") && !exists("parts"));
  mdm_outcome_clear(&whole);
  mdm_outcome_clear(&parts);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

/* Every row in the limit and in networks, two steps at a time. */
static void stopped_runs_go_on(void) {
  static const char *const rows[] = {
      SMALL ALL_OUTPUT,
      SMALL ALL_OUTPUT "model.parameterization=mup train.optimizer=momentum train.weight_decay=0.01 train.schedule=cosine train.warmup=2",
      SMALL "output.responses=true output.ntk=true output.parts=true data.train=12 train.batch=4 train.schedule=linear output.responses=false",
      SMALL "model.regime=I " ALL_OUTPUT,
      SMALL "model.regime=I model.active=2 model.parameterization=mup train.bias_update=sign train.bias_rate=0.05 model.router_bias_std=0.1 output.parts=true",
      SMALL "model.regime=III " ALL_OUTPUT,
      SMALL "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 output.ntk=true output.parts=true",
      SMALL "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 train.optimizer=momentum output.statistics=false",
      SMALL "model.active_fraction=0.5 train.bias_rate=0.1 model.router_bias_std=0.2 train.balance=switch train.balance_coefficient=0.1 train.z_loss=0.01 train.clip=0.3",
      SMALL "model.depth=3 model.norm=rms output.ntk=true output.parts=true model.shared_fraction=0.5 output.blocks=[1] output.responses=true",
      SMALL "model.depth=2 model.norm=layer model.output=tanh model.regime=III model.parameterization=mup model.expert_width_ratio=0.5 model.dense_blocks=[0]",
      SMALL RANK,
      SMALL RANK "model.parameterization=mup train.optimizer=momentum train.weight_decay=0.01",
      SMALL RANK "model.regime=I",
      SMALL RANK "model.regime=III train.optimizer=momentum",
      SMALL RANK "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5",
      SMALL RANK "model.depth=2 model.norm=rms output.ntk=true",
      SMALL "model.depth=2 model.blocks=[attention,moe] model.head_width=2 model.norm=rms model.output=norm data.context=2 output.ntk=true output.parts=true output.responses=true",
      TINY "model.regime=I model.depth=1 model.blocks=[attention,moe] model.heads=2 model.head_width_ratio=0.5 model.attention_scale=full model.norm=rms data.context=2",
      TINY "model.depth=1 model.blocks=[attention] model.head_width=2 model.query_groups=2 data.context=4 train.optimizer=adam train.lr=0.05 solve.pivots=4",
      TINY "train.optimizer=adam train.lr=0.05 solve.pivots=4 output.parts=true",
      TINY "train.optimizer=adam train.lr=0.05 solve.pairs=full solve.precision=double simulate.precision=single",
      TINY "train.optimizer=adamw train.lr=0.05 solve.pivots=4 model.regime=I train.schedule=cosine",
      TINY "train.optimizer=adam train.lr=0.3 train.schedule=linear solve.pivots=4 model.activation=relu",
      TINY "train.optimizer=sign train.lr=0.2 train.schedule=linear solve.pivots=4 model.regime=III",
      TINY "train.optimizer=sign train.lr=0.01 solve.pivots=4 model.depth=2 model.norm=rms",
      TINY "train.optimizer=sign train.lr=0.01 solve.pairs=full train.batch=2",
      SMALL "train.optimizer=momentum model.regime=III model.gate=softmax model.gate_scope=selected model.active_fraction=0.5 output.kernels=false"};
  for (size_t i = 0; i < COUNT(rows); i++) goes_on(MDM_RUN_LIMIT | MDM_RUN_NETWORKS, rows[i], 2);
  goes_on(MDM_RUN_LIMIT, "solve.method=networks solve.widths=[4,8] solve.replicas=2 train.steps=6 output.kernels=false", 4); /* within a member and between members */
}

/* Sweeps of given particles: stopped within a sweep and between them, with every way of mixing, by their own state of the iteration. */
static void stopped_sweeps_go_on(void) {
#define SWEEPS "solve.particles=120 solve.replicas=3 train.steps=4 solve.tolerance=0.02 solve.sweeps=4 solve.settled=4 output.statistics=false "
  goes_on(MDM_RUN_LIMIT, SWEEPS, 7);
  goes_on(MDM_RUN_LIMIT, SWEEPS "solve.mixing=anderson train.optimizer=momentum solve.start=lazy", 7);
  goes_on(MDM_RUN_LIMIT, SWEEPS "solve.mixing=damped model.regime=I train.weight_decay=0.1", 7);
  goes_on(MDM_RUN_LIMIT, SWEEPS "model.regime=III model.parameterization=mup model.expert_width_ratio=0.5", 7);
  goes_on(MDM_RUN_LIMIT, SWEEPS "model.depth=2 model.norm=rms model.regime=III train.batch=2", 7);
}

/* ---------------------------------------------------------------- what does not fit */

/* A checkpoint of one run in progress. */
static void stop_once(const mdm_config *cfg, const mdm_data *data) {
  mdm_outcome out;
  CU_ASSERT_EQUAL_FATAL(attempt(cfg, data, MDM_RUN_NETWORKS, "parts", 3, &out), MDM_INTERRUPTED);
  mdm_outcome_clear(&out);
}

static int copy_path(void *context, const char *path, mdm_error *err) {
  (void)err;
  snprintf(context, 400, "%s", path);
  return MDM_OK;
}

static void change_byte(const char *path, long at, int by) {
  FILE *f = fopen(path, "r+b");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f);
  fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
  int c = fgetc(f);
  fseek(f, -1, SEEK_CUR);
  fputc((c + by) & 255, f);
  fclose(f);
}

/* Whatever byte is changed, and wherever a file is cut, it is named, and the work does not begin. */
static void damage_is_named(void) {
  mdm_config *cfg = configure(SMALL);
  mdm_data *data = NULL;
  mdm_error err = {0};
  char path[400] = "";
  CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, &err), MDM_OK);
  stop_once(cfg, data);
  CU_ASSERT_EQUAL_FATAL(mdm_checkpoint_each(in_folder("parts"), copy_path, path, &err), MDM_OK);
  static const long places[] = {0, 20, 60, 3000, -30, -4};
  for (size_t i = 0; i < COUNT(places); i++) {
    char *about = NULL;
    mdm_outcome out;
    change_byte(path, places[i], 1);
    CU_ASSERT_EQUAL(mdm_checkpoint_about(path, &about, &err), MDM_ERR_IO);
    CU_ASSERT(strstr(err.text, path) && strstr(err.text, "damaged") && strstr(err.text, "--force"));
    CU_ASSERT_EQUAL(attempt(cfg, data, MDM_RUN_NETWORKS, "parts", 0, &out), MDM_ERR_IO);
    mdm_outcome_clear(&out);
    change_byte(path, places[i], -1);
    CU_ASSERT_EQUAL(mdm_checkpoint_about(path, &about, &err), MDM_OK);
    CU_ASSERT_STRING_EQUAL(about, "test");
    free(about);
  }
  mdm_checkpoint_remove(in_folder("parts"));
  mdm_data_free(data);
  mdm_config_free(cfg);
}

static void walk_small(void *what, mdm_state *s) { mdm_state_array(s, "numbers", what, 3, sizeof(double)); }
static void walk_other_size(void *what, mdm_state *s) { mdm_state_array(s, "numbers", what, 2, sizeof(double)); }
static void walk_other_name(void *what, mdm_state *s) { mdm_state_array(s, "weights", what, 3, sizeof(double)); }
static void walk_other_type(void *what, mdm_state *s) { mdm_state_array(s, "numbers", what, 3, sizeof(float)); }
static void walk_less(void *what, mdm_state *s) { (void)what, (void)s; }

/* A whole file of another shape is refused before anything is read. */
static void shapes_are_checked(void) {
  mdm_walk *const others[] = {walk_other_size, walk_other_name, walk_other_type, walk_less};
  double numbers[3] = {1, 2, 3}, found[3] = {0};
  mdm_checkpoint *c;
  mdm_error err = {0};
  int there;
  CU_ASSERT_EQUAL_FATAL(mdm_checkpoint_create(in_folder("shapes"), "test", 0, &c, &err), MDM_OK);
  mdm_kept k = mdm_kept_of(c, 1, "N8-1", NULL, 0, NULL);
  mdm_kept_save(&k, 0, walk_small, numbers);
  CU_ASSERT(!mdm_kept_load(&k, 0, walk_small, found, &there, &err) && there && !memcmp(numbers, found, sizeof found));
  CU_ASSERT(!mdm_kept_load(&k, 1, walk_small, found, &there, &err) && !there);
  for (size_t i = 0; i < COUNT(others); i++) {
    memset(found, 0, sizeof found);
    CU_ASSERT_EQUAL(mdm_kept_load(&k, 0, others[i], found, &there, &err), MDM_ERR_IO);
    CU_ASSERT(strstr(err.text, "as this run has it") && found[0] == 0);
  }
  mdm_kept other = mdm_kept_of(c, 1, "N8-1", "x", 1, NULL);
  CU_ASSERT(!mdm_kept_load(&other, 0, walk_small, found, &there, &err) && !there);
  mdm_checkpoint_forget(c, 2, 8, 2);
  mdm_checkpoint_forget(c, 1, 0, 2);  /* the limit */
  mdm_checkpoint_forget(c, 1, 80, 2); /* other networks */
  mdm_checkpoint_forget(c, 1, 8, 1);  /* fewer runs */
  CU_ASSERT(!mdm_kept_load(&k, 0, walk_small, found, &there, &err) && there);
  mdm_checkpoint_forget(c, 1, 8, 2);
  CU_ASSERT(!mdm_kept_load(&k, 0, walk_small, found, &there, &err) && !there);
  mdm_checkpoint_remove(c->folder);
  mdm_checkpoint_free(c);
}

/* ---------------------------------------------------------------- which runs are the same */

static uint64_t identity(const char *settings, int limit) {
  mdm_config *cfg = configure(settings);
  mdm_data *data = NULL;
  mdm_error err;
  CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, &err), MDM_OK);
  uint64_t found = mdm_checkpoint_identity(cfg, data, limit);
  mdm_data_free(data);
  mdm_config_free(cfg);
  return found;
}

static void runs_are_known_by_what_they_are(void) {
  uint64_t limit = identity("", 1), networks = identity("", 0);
  CU_ASSERT_EQUAL(identity("solve.replicas=3 simulate.seeds=2 simulate.widths=8 output.checkpoint=3 simulate.precision=single", 1), limit);
  CU_ASSERT_EQUAL(identity("solve.replicas=3 simulate.seeds=2 simulate.widths=8 output.checkpoint=3 solve.particles=99", 0), networks);
  CU_ASSERT_NOT_EQUAL(identity("solve.particles=99", 1), limit);
  CU_ASSERT_NOT_EQUAL(identity("simulate.precision=single", 0), networks);
  CU_ASSERT_NOT_EQUAL(identity("train.lr=0.4", 1), limit);
  CU_ASSERT_NOT_EQUAL(identity("train.lr=0.4", 0), networks);
  CU_ASSERT_NOT_EQUAL(identity("data.train=5", 1), limit);
}

static const test_case tests[] = {{"runs that are stopped go on, bit by bit", stopped_runs_go_on},
                                  {"self-consistency sweeps that are stopped go on, bit by bit", stopped_sweeps_go_on},
                                  {"a damaged state is named", damage_is_named},
                                  {"a state of another shape is refused", shapes_are_checked},
                                  {"runs are known by what they depend on", runs_are_known_by_what_they_are}};
SUITE_IN_FOLDER("run/checkpoint", tests)
