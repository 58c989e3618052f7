/* The limit from families of networks: parts are blocks of the whole's draws and networks of their own width; extrapolation is exact for the
 * series it assumes; losses of mean predictions have no bias; the limit is that of particles; interruptions, threads and more families change
 * nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/record.h"
#include "realization/matched.h"
#include "run/family.h"
#include "run/runner.h"
#include "support/folder.h"
#include "support/program.h"
#include "support/refusals.h"
#include "support/results.h"
#include "support/runs.h"
#include "support/settings.h"
#include "support/suite.h"
#include "support/words.h"

/* ---------------------------------------------------------------- parts of a network */

typedef struct {
  size_t N, M, J, H, rows, columns;
  const double *w[7]; /* W_in N × D, Q M × N, W1 M × J × N, W2 M × N × J, w_out N × C; with attention W_qkv H × rows × N, W_O H × N × columns */
} weights;

static weights weights_of(const mdm_problem *p, const mdm_record *rec) {
  static const char *const names[5] = {"W_in", "Q", "W1", "W2", "w_out"};
  weights w = {0};
  (void)p;
  for (int t = 0; t < 5; t++) {
    char path[64];
    snprintf(path, sizeof path, "weights/%s/initial", names[t]);
    w.w[t] = values(rec, path);
  }
  const mdm_array *first = mdm_record_find(rec, "weights/W1/initial"), *qkv = mdm_record_find(rec, "weights/W_qkv/initial");
  const size_t *dim = first->dim + first->rank - 3; /* before them one block */
  w.M = dim[0], w.J = dim[1], w.N = dim[2];
  if (!qkv) return w;
  const mdm_array *out = mdm_record_find(rec, "weights/W_O/initial");
  w.H = qkv->dim[1], w.rows = qkv->dim[2], w.columns = out->dim[3];
  w.w[5] = qkv->value, w.w[6] = out->value;
  return w;
}

/* Whether a over b is one number for all entries: *ratio, 0 at first. */
static int in_proportion(double a, double b, double *ratio) {
  if (a == 0 && b == 0) return 1; /* a router that starts at zero */
  if (*ratio == 0) *ratio = a / b;
  return fabs(a - *ratio * b) <= 1e-12 * fabs(a);
}

/* Heads of part number `number` are those of the whole from H · number on. */
static int are_heads(const weights *part, const weights *whole, size_t number) {
  double ratio[2] = {0};
  size_t N = part->N, R = part->rows, C = part->columns, i0 = number * N, h0 = number * part->H;
  int same = R == whole->rows && C == whole->columns;
  for (size_t h = 0; h < part->H; h++)
    for (size_t i = 0; i < N; i++) {
      for (size_t r = 0; r < R; r++) same &= in_proportion(part->w[5][(h * R + r) * N + i], whole->w[5][((h0 + h) * R + r) * whole->N + i0 + i], &ratio[0]);
      for (size_t c = 0; c < C; c++) same &= in_proportion(part->w[6][(h * N + i) * C + c], whole->w[6][((h0 + h) * whole->N + i0 + i) * C + c], &ratio[1]);
    }
  return same;
}

/* Part number `part`: rows and columns of the whole from where its populations begin. */
static int is_block(const weights *part, const weights *whole, size_t number, size_t D, size_t C) {
  double ratio[5] = {0};
  size_t N = part->N, M = part->M, J = part->J, i0 = number * N, m0 = whole->M > M ? number * M : 0, j0 = whole->J > J ? number * J : 0;
  int same = are_heads(part, whole, number);
  for (size_t i = 0; i < N; i++) {
    for (size_t d = 0; d < D; d++) same &= in_proportion(part->w[0][i * D + d], whole->w[0][(i0 + i) * D + d], &ratio[0]);
    for (size_t c = 0; c < C; c++) same &= in_proportion(part->w[4][i * C + c], whole->w[4][(i0 + i) * C + c], &ratio[4]);
    for (size_t m = 0; m < M; m++) {
      same &= in_proportion(part->w[1][m * N + i], whole->w[1][(m0 + m) * whole->N + i0 + i], &ratio[1]);
      for (size_t j = 0; j < J; j++) {
        same &= in_proportion(part->w[2][(m * J + j) * N + i], whole->w[2][((m0 + m) * whole->J + j0 + j) * whole->N + i0 + i], &ratio[2]);
        same &= in_proportion(part->w[3][(m * N + i) * J + j], whole->w[3][((m0 + m) * whole->N + i0 + i) * whole->J + j0 + j], &ratio[3]);
      }
    }
  }
  return same;
}

static void check_parts(const char *settings) {
  mdm_config *cfg = configure(settings);
  mdm_data *data;
  mdm_runner r = {0};
  mdm_problem *p;
  mdm_task members[7];
  CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_problem_create(cfg, data, &p, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &p->model, &r.family, NULL), MDM_OK);
  r.problem = p;
  size_t n = mdm_family_members(&r.family); /* of the smallest, where it checks, one of four */
  CU_ASSERT_FATAL(n == 2 || n == 4 || n == 5 || n == 7);
  for (size_t i = 0; i < n; i++) {
    members[i] = mdm_family_member(&r.family, p, &(mdm_task){.index = 3}, i);
    members[i].save_weights = 1;
    CU_ASSERT_EQUAL_FATAL(mdm_runner_run(&r, &members[i], NULL), MDM_OK);
  }
  weights whole = weights_of(p, members[0].weights);
  for (size_t i = 1; i < n; i++) {
    weights part = weights_of(p, members[i].weights);
    size_t piece = n == 4 || n == 7 ? (i < 3 ? i - 1 : i - 3) : i - 1; /* of halves and their halves, or of quarters */
    CU_ASSERT_EQUAL(part.N, i < 3 && (n == 4 || n == 7) ? 8 : 4);
    if (!is_block(&part, &whole, piece, data->dimension, data->outputs)) fprintf(stderr, "%s: member %zu is no block\n", settings, i);
    CU_ASSERT(is_block(&part, &whole, piece, data->dimension, data->outputs));
  }
  mdm_task same = {.width = 16, .index = 3, .save_weights = 1}; /* a network of simulate.widths is another one */
  CU_ASSERT_EQUAL_FATAL(mdm_runner_run(&r, &same, NULL), MDM_OK);
  CU_ASSERT(values(same.weights, "weights/W_in/initial")[0] != whole.w[0][0]);
  mdm_record_free(same.record);
  mdm_record_free(same.weights);
  for (size_t i = 0; i < n; i++) mdm_record_free(members[i].record), mdm_record_free(members[i].weights);
  mdm_problem_free(p);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

#define FAMILY "solve.method=networks solve.precision=double output.kernels=false output.statistics=false train.steps=1 solve.widths=[4,8,16] "

static void parts_are_blocks(void) {
  check_parts(FAMILY "model.experts_ratio=0.5");
  check_parts(FAMILY "model.regime=I model.experts=3 model.expert_width_ratio=0.5");
  check_parts(FAMILY "model.regime=III model.parameterization=mup model.experts_ratio=0.5");
  check_parts(FAMILY "model.regime=III model.expert_width_ratio=0.5"); /* experts that start alike */
  check_parts(FAMILY "model.experts_ratio=0.5 solve.widths=[4,16]"); /* one quarter */
  check_parts(FAMILY "model.regime=III solve.widths=[4,16] train.optimizer=sign model.expert_width_ratio=0.5"); /* all */
  check_parts(FAMILY "model.depth=1 model.blocks=[attention,moe] model.head_width=3 model.query_groups=2 model.heads_ratio=1 data.context=2");
}

/* Widths and parts of all members but the network: of eight networks of the smallest of four widths two check, in different halves; beyond a gap there is one of each width, and where N^-1/2 is in
 * the series all quarters and, again, one of what is smaller. */
static void members_are_apart(void) {
  static const struct {
    const char *settings;
    size_t n;
    struct {
      long width;
      size_t part;
    } member[8];
  } rows[] = {{"solve.widths=[2,4,8,16]", 8, {{8, 0}, {8, 1}, {4, 0}, {4, 1}, {4, 2}, {4, 3}, {2, 0}, {2, 4}}},
              {"solve.widths=[2,4,16]", 2, {{4, 0}, {2, 0}}},
              {"solve.widths=[4,8,64]", 2, {{8, 0}, {4, 0}}},
              {"solve.widths=[4,32,64]", 3, {{32, 0}, {32, 1}, {4, 0}}},
              {"train.optimizer=sign solve.widths=[2,4,16,64]", 6, {{16, 0}, {16, 1}, {16, 2}, {16, 3}, {4, 0}, {2, 0}}}};
  for (size_t k = 0; k < COUNT(rows); k++) {
    char settings[300];
    mdm_data *data;
    mdm_problem *p;
    mdm_family f;
    snprintf(settings, sizeof settings, FAMILY "%s", rows[k].settings);
    mdm_config *cfg = configure(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_problem_create(cfg, data, &p, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &p->model, &f, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_family_members(&f), 1 + rows[k].n);
    for (size_t i = 0; i < rows[k].n; i++) {
      mdm_task t = mdm_family_member(&f, p, &(mdm_task){.index = 3}, i + 1);
      CU_ASSERT(t.width == rows[k].member[i].width && t.whole == f.width[0] && t.part == rows[k].member[i].part && t.index == 3);
    }
    mdm_problem_free(p);
    mdm_data_free(data);
    mdm_config_free(cfg);
  }
}

/* ---------------------------------------------------------------- extrapolation */

/* A record of a member of width N: one prediction and what it brings with it; the series of the loss has powers 1, 1/N and 1/N². */
static mdm_record *record_of(double N, double part) {
  static const size_t steps[1] = {2}, cube[3] = {2, 1, 1};
  mdm_record *rec;
  double *loss, *f, *seconds, *accuracy;
  CU_ASSERT_EQUAL_FATAL(mdm_record_create(&rec, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/loss", 1, steps, "step", "", &loss, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/prediction", 3, cube, "step, sample, output", "", &f, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "observables/train/accuracy", 1, steps, "step", "", &accuracy, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_record_add(rec, "diagnostics/seconds", 0, NULL, "", "", &seconds, NULL), MDM_OK);
  for (int t = 0; t < 2; t++) loss[t] = 3 + 5 / N + part, f[t] = 2 - 1 / N + 100 / (N * N) + part, accuracy[t] = t ? NAN : 0.25;
  *seconds = N;
  return rec;
}

static void series_are_exact(void) {
  mdm_config *cfg = configure(FAMILY);
  mdm_model m = {0};
  mdm_family f;
  mdm_record *member[4], *rec;
  CU_ASSERT_EQUAL_FATAL(mdm_model_read(cfg, 1, 1, &m, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &m, &f, NULL), MDM_OK);
  for (size_t i = 0; i < 4; i++) member[i] = record_of(i ? i < 3 ? 8 : 4 : 16, i && i < 3 ? (i % 2 ? 0.5 : -0.5) : 0); /* halves differ, and not their mean */
  CU_ASSERT_EQUAL_FATAL(mdm_family_combine(&f, member, &rec, NULL), MDM_OK);
  for (int t = 0; t < 2; t++) {
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "observables/train/loss")[t], 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "bias/observables/train/loss")[t], 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "observables/train/prediction")[t], 2 - 2 * 100 / 256., 1e-12); /* 1/N² is left, −2 of it */
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "bias/observables/train/prediction")[t], -2 * 100 / 256., 1e-12);
  }
  CU_ASSERT_EQUAL(values(rec, "observables/train/accuracy")[0], 0.25);
  CU_ASSERT(isnan(values(rec, "observables/train/accuracy")[1]));
  CU_ASSERT_EQUAL(values(rec, "diagnostics/seconds")[0], 16 + 2 * 8 + 4);
  CU_ASSERT_DOUBLE_EQUAL(values(rec, "levels/train/loss")[2], 3 + 5 / 8., 1e-12);
  for (size_t i = 0; i < 4; i++) mdm_record_free(member[i]);
  mdm_record_free(rec);
  mdm_config_free(cfg);
}

/* Four widths: a line in 1/N through the three largest, which 1/N² moves by −5 of its size at the largest; five: a parabola through four, which 1/N³ moves by 36. The smallest tells
 * both, by a quarter of its members, which are apart. Beyond a gap there is one member of each width: of three widths two make the value, of four three, less weight where less members are. */
static void widths_are_weighted(void) {
  static const struct {
    const char *widths;
    size_t n, at[5], power; /* widths, and members of each; a power of the next term */
    double left, weight[4]; /* of what the next power is at the largest width; of predictions, largest first (least squares in 1, 1/2, 1/4, ... by hand) */
  } rows[] = {{"solve.widths=[4,8,16,32]", 4, {1, 2, 4, 2}, 2, -5, {1, 0.5, -0.5, 0}},
              {"solve.widths=[2,4,8,16,32]", 5, {1, 2, 4, 8, 4}, 3, 36, {4 / 3., 1 / 3., -5 / 6., 1 / 6.}},
              {"solve.widths=[4,8,64]", 3, {1, 1, 1}, 2, -8, {8 / 7., -1 / 7., 0}},
              {"solve.widths=[4,8,16,128]", 4, {1, 1, 1, 1}, 2, -5408 / 331., {352 / 331., 2 / 331., -23 / 331., 0}}};
  for (size_t k = 0; k < COUNT(rows); k++) {
    char settings[300];
    mdm_model m = {0};
    mdm_family f;
    mdm_record *member[MDM_FAMILY_MEMBERS], *rec;
    size_t members = 0;
    snprintf(settings, sizeof settings, FAMILY "%s", rows[k].widths);
    mdm_config *cfg = configure(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_model_read(cfg, 1, 1, &m, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &m, &f, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(f.widths, rows[k].n);
    for (size_t level = 0; level < rows[k].n; level++)
      for (size_t i = 0; i < rows[k].at[level]; i++) {
        double N = (double)f.width[level];
        member[members] = record_of(N, 0);
        ((mdm_array *)mdm_record_find(member[members++], "observables/train/loss"))->value[0] = 7 - 3 / N + (rows[k].power > 2 ? 9 / (N * N) : 0) + 50 / pow(N, (double)rows[k].power);
      }
    CU_ASSERT_EQUAL_FATAL(mdm_family_members(&f), members);
    CU_ASSERT_EQUAL_FATAL(mdm_family_combine(&f, member, &rec, NULL), MDM_OK);
    double left = rows[k].left * 50 / pow((double)f.width[0], (double)rows[k].power);
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "observables/train/loss")[0], 7 + left, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "bias/observables/train/loss")[0], left, 1e-11);
    for (size_t l = 0; l < rows[k].n && l < 4; l++) CU_ASSERT_DOUBLE_EQUAL(values(rec, "levels/weight")[l], rows[k].weight[l], 1e-12);
    for (size_t i = 0; i < members; i++) mdm_record_free(member[i]);
    mdm_record_free(rec);
    mdm_config_free(cfg);
  }
}

/* Sign descent: everything may approach the limit like N^-1/2. Three widths take N^-1/2 and 1/N out, and a fourth checks; two take out the first. */
static void roots_are_exact(void) {
  static const struct {
    const char *widths;
    size_t n, at[4];
  } rows[] = {{"train.optimizer=sign solve.widths=[4,8,16]", 3, {1, 2, 4}}, {"train.optimizer=sign solve.widths=[2,4,8,16]", 4, {1, 2, 4, 2}}, {"train.optimizer=sign solve.widths=[2,4,16,64]", 4, {1, 4, 1, 1}}};
  for (size_t k = 0; k < COUNT(rows); k++) {
    char settings[300];
    mdm_model m = {0};
    mdm_family f;
    mdm_record *member[15], *rec;
    size_t members = 0;
    snprintf(settings, sizeof settings, FAMILY "%s", rows[k].widths);
    mdm_config *cfg = configure(settings);
    CU_ASSERT_EQUAL_FATAL(mdm_model_read(cfg, 1, 1, &m, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &m, &f, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(f.widths, rows[k].n);
    for (size_t level = 0; level < rows[k].n; level++)
      for (size_t i = 0; i < rows[k].at[level]; i++) {
        member[members] = record_of((double)f.width[level], 0);
        ((mdm_array *)mdm_record_find(member[members++], "observables/train/loss"))->value[0] = 7 - 3 / sqrt((double)f.width[level]) + 4 / (double)f.width[level];
      }
    CU_ASSERT_EQUAL_FATAL(mdm_family_members(&f), members);
    CU_ASSERT_EQUAL_FATAL(mdm_family_combine(&f, member, &rec, NULL), MDM_OK);
    CU_ASSERT_DOUBLE_EQUAL(values(rec, "observables/train/loss")[0], 7, 1e-11);
    CU_ASSERT_EQUAL(mdm_record_find(rec, "bias/observables/train/loss") != NULL, rows[k].n == 4);
    for (size_t i = 0; i < mdm_family_members(&f); i++) mdm_record_free(member[i]);
    mdm_record_free(rec);
    mdm_config_free(cfg);
  }
}

/* Of four families whose losses have a term in 1/N²: it stands out, and standard errors hold it beside the noise. */
static void errors_hold_the_bias(void) {
  enum { RUNS = 4 };
  mdm_config *cfg = configure(FAMILY);
  mdm_model m = {0};
  mdm_family f;
  mdm_record *each[RUNS], *summary;
  CU_ASSERT_EQUAL_FATAL(mdm_model_read(cfg, 1, 1, &m, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &m, &f, NULL), MDM_OK);
  for (size_t r = 0; r < RUNS; r++) {
    mdm_record *member[4];
    for (size_t i = 0; i < 4; i++) {
      member[i] = record_of(i ? i < 3 ? 8 : 4 : 16, 0.01 * (double)((r + i) % 3)); /* some noise */
      double N = i ? i < 3 ? 8 : 4 : 16;
      for (int t = 0; t < 2; t++) ((mdm_array *)mdm_record_find(member[i], "observables/train/loss"))->value[t] += t ? 0 : 100 / (N * N);
    }
    CU_ASSERT_EQUAL_FATAL(mdm_family_combine(&f, member, &each[r], NULL), MDM_OK);
    for (size_t i = 0; i < 4; i++) mdm_record_free(member[i]);
  }
  CU_ASSERT_EQUAL_FATAL(mdm_record_reduce((const mdm_record *const *)each, RUNS, &summary, NULL), MDM_OK);
  double noise = errors(summary, "observables/train/loss")[0], quiet = errors(summary, "observables/train/loss")[1], mean[2];
  memcpy(mean, values(summary, "observables/train/loss"), sizeof mean);
  CU_ASSERT_EQUAL_FATAL(mdm_family_errors(summary, RUNS, NULL), MDM_OK);
  const double *b = values(summary, "bias/observables/train/loss"), *s = errors(summary, "bias/observables/train/loss"), *all = errors(summary, "observables/train/loss");
  CU_ASSERT_DOUBLE_EQUAL(b[0], -2 * 100 / 256., 0.05);
  CU_ASSERT_DOUBLE_EQUAL(all[0], sqrt(noise * noise + b[0] * b[0] - s[0] * s[0]), 1e-12);
  if (b[1] * b[1] < s[1] * s[1]) CU_ASSERT_EQUAL(all[1], quiet); /* where there is none, nothing is added */
  double rms = sqrt((mean[0] * mean[0] + mean[1] * mean[1]) / 2);
  CU_ASSERT(*values(summary, "diagnostics/extrapolation_z") > 3);
  CU_ASSERT_DOUBLE_EQUAL(*values(summary, "diagnostics/extrapolation_noise"), sqrt((noise * noise + quiet * quiet) / 2) / rms, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(*values(summary, "diagnostics/extrapolation_bias"), sqrt((b[0] * b[0] + b[1] * b[1] - s[0] * s[0] - s[1] * s[1]) / 2) / rms, 1e-12);
  for (size_t r = 0; r < RUNS; r++) mdm_record_free(each[r]);
  mdm_record_free(summary);
  mdm_config_free(cfg);
}

/* ---------------------------------------------------------------- losses of mean predictions */

/* Of targets ±1: the probability that f y is positive, given its standard error over families. */
static void check_accuracy(const mdm_outcome *out, const double *f, const double *y, size_t t) {
  double expected = 0, n = (double)out->limit.runs;
  for (size_t i = 0; i < 4; i++) {
    double square = 0;
    for (size_t r = 0; r < out->limit.runs; r++) square += pow(values(out->limit.each[r], "observables/train/prediction")[4 * t + i] - f[i], 2);
    expected += 0.5 * erfc(-f[i] * y[i] / sqrt(square / (n * (n - 1))) / sqrt(2)) / 4;
  }
  CU_ASSERT_DOUBLE_EQUAL(values(out->limit.summary, "observables/train/accuracy")[t], expected, 1e-9);
  CU_ASSERT(fabs(errors(out->limit.summary, "observables/train/accuracy")[t]) < 0.5);
}

/* Three classes: one sample whose margin has noise, one that ties without any, one that is wrong. */
static void classes_count_by_their_margin(void) {
  enum { P = 3, C = 3, RUNS = 3 };
  static const double x[P] = {1, 2, 3}, y[P * C] = {0, 1, 0, 1, 0, 0, 0, 0, 1};
  static const double f[RUNS][P * C] = {{0.1, 0.3, -1, 2, 2, 2, 1, 0, 0}, {0.1, 0.2, -1, 2, 2, 2, 1, 0, 0}, {0.1, 0.1, 0, 2, 2, 2, 1, 0, 0}};
  static const size_t one[1] = {1}, cube[3] = {1, P, C};
  mdm_config *cfg = configure("train.steps=0 solve.method=networks");
  mdm_data *data;
  mdm_problem *p;
  mdm_family family;
  mdm_record *each[RUNS];
  CU_ASSERT_EQUAL_FATAL(mdm_data_from_arrays(P, 0, 1, C, x, y, 1, &data, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_problem_create(cfg, data, &p, NULL), MDM_OK);
  CU_ASSERT_EQUAL_FATAL(mdm_family_read(cfg, &p->model, &family, NULL), MDM_OK);
  for (size_t r = 0; r < RUNS; r++) {
    double *v;
    CU_ASSERT_EQUAL_FATAL(mdm_record_create(&each[r], NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_record_add(each[r], "observables/train/loss", 1, one, "step", "", &v, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_record_add(each[r], "observables/train/accuracy", 1, one, "step", "", &v, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_record_add(each[r], "observables/train/prediction", 3, cube, "step, sample, output", "", &v, NULL), MDM_OK);
    memcpy(v, f[r], sizeof f[r]);
  }
  CU_ASSERT_EQUAL_FATAL(mdm_family_losses(&family, p, each, RUNS, NULL), MDM_OK);
  double margin = 0.1, error = 0.1 / sqrt(3), density = exp(-1.5) / sqrt(2 * acos(-1)) / error, mean = 0;
  for (size_t r = 0; r < RUNS; r++) {
    double own = f[r][1] - f[r][0] - margin, a = values(each[r], "observables/train/accuracy")[0];
    CU_ASSERT_DOUBLE_EQUAL(a, (0.5 * erfc(-margin / error / sqrt(2)) + density * own + 1. / 3) / 3, 1e-12);
    mean += a / RUNS;
  }
  CU_ASSERT(mean > 0.4 && mean < 0.5);
  for (size_t r = 0; r < RUNS; r++) mdm_record_free(each[r]);
  mdm_problem_free(p);
  mdm_data_free(data);
  mdm_config_free(cfg);
}

/* For squared errors the mean of pseudo-values is L(mean f) − ½ mean over samples of Σ Var f / n, and negative values are as good as others. */
static void losses_have_no_bias(void) {
  enum { RUNS = 5 };
  mdm_outcome out;
  run_with(MDM_RUN_LIMIT, 1, FAMILY "train.steps=3 solve.replicas=5 data.test=3 train.loss_multiplier=2", &out);
  static const struct {
    const char *part, *y;
    size_t P;
  } parts[] = {{"train", "data/train/y", 4}, {"test", "data/test/y", 3}};
  CU_ASSERT_EQUAL_FATAL(out.limit.runs, RUNS);
  for (size_t k = 0; k < 2; k++) {
    char prediction[64], loss[64];
    snprintf(prediction, sizeof prediction, "observables/%s/prediction", parts[k].part);
    snprintf(loss, sizeof loss, "observables/%s/loss", parts[k].part);
    const double *y = values(out.extra, parts[k].y), *f = values(out.limit.summary, prediction);
    for (size_t t = 0; t < 4; t++) {
      double expected = 0;
      for (size_t s = 0; s < parts[k].P; s++) {
        size_t e = t * parts[k].P + s;
        double variance = 0;
        for (size_t r = 0; r < RUNS; r++) variance += pow(values(out.limit.each[r], prediction)[e] - f[e], 2) / (RUNS * (RUNS - 1));
        expected += (pow(f[e] - y[s], 2) - variance) / (double)parts[k].P;
      }
      CU_ASSERT_DOUBLE_EQUAL(values(out.limit.summary, loss)[t], expected, 1e-12);
      CU_ASSERT(errors(out.limit.summary, loss)[t] > 0);
      if (k == 0) check_accuracy(&out, f + 4 * t, y, t);
    }
  }
  mdm_outcome_clear(&out);
}

/* ---------------------------------------------------------------- the limit */

/* RMS over entries of the difference in combined standard errors; entries of a curve are correlated, so that its square scatters about 1 by about
 * 1.4: 3 is beyond two of that. */
static double distance(const mdm_outcome *a, const mdm_outcome *b, const char *path, size_t n) {
  const double *x = values(a->limit.summary, path), *y = values(b->limit.summary, path), *s = errors(a->limit.summary, path), *u = errors(b->limit.summary, path);
  double sum = 0, used = 0;
  for (size_t i = 0; i < n; i++)
    if (s[i] > 0) sum += pow(x[i] - y[i], 2) / (s[i] * s[i] + u[i] * u[i]), used++;
  return sqrt(sum / used);
}

static void agrees_with_particles(void) {
  static const char *const rows[] = {"model.experts_ratio=0.5", "model.regime=I model.expert_width_ratio=0.5 train.loss=cross_entropy",
                                     "model.regime=III model.experts_ratio=0.25 model.expert_width_ratio=0.25 model.parameterization=mup",
                                     "model.depth=1 model.blocks=[attention] model.head_width=2 model.heads_ratio=0.5 model.norm=rms model.output=norm data.context=2"};
  for (size_t k = 0; k < COUNT(rows); k++) {
    char settings[300];
    mdm_outcome networks, particles;
    snprintf(settings, sizeof settings, "%s train.steps=8 output.kernels=false output.statistics=false solve.method=networks solve.widths=[16,32,64] solve.replicas=24", rows[k]);
    run_with(MDM_RUN_LIMIT, 2, settings, &networks);
    snprintf(settings, sizeof settings, "%s train.steps=8 output.kernels=false output.statistics=false solve.particles=1000 solve.replicas=6", rows[k]);
    run_with(MDM_RUN_LIMIT, 2, settings, &particles);
    double f = distance(&networks, &particles, "observables/train/prediction", 9 * 4), loss = distance(&networks, &particles, "observables/train/loss", 9);
    if (!(f < 3 && loss < 3)) fprintf(stderr, "%s: %g and %g combined errors\n", rows[k], f, loss);
    CU_ASSERT(f < 3 && loss < 3);
    mdm_outcome_clear(&networks);
    mdm_outcome_clear(&particles);
  }
}

/* ---------------------------------------------------------------- matched draws */

/* ⟨x y⟩ over n neurons. */
static double mean_product(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i] / (double)n;
  return sum;
}

/* Columns of B (n × count): no mean, and ⟨b b'⟩ the identity. */
static int is_matched(size_t n, size_t count, const double *B, double *one) {
  int good = 1;
  for (size_t i = 0; i < n; i++) one[i] = 1;
  for (size_t c = 0; c < count; c++) {
    good &= fabs(mean_product(n, B + n * c, one)) < 1e-12;
    for (size_t d = 0; d <= c; d++) good &= fabs(mean_product(n, B + n * c, B + n * d) - (c == d)) < 1e-12;
  }
  return good;
}

/* Moments along the axes are exact, what is left of W_in is orthogonal to them, and of its size; so are fields that Q and W1 make of them. */
static void moments_are_exact(void) {
  enum { N = 40, D = 40, C = 2, K = 3, G = K + C, M = 30, OTHERS = D - 4 };
  static const double axes[D * K] = {[0] = 1, [D + 1] = 0.6, [D + 2] = 0.8, [2 * D + 3] = 1}; /* the first four inputs; others belong to none */
  double W[N * (D + C)], Gm[N * G], A[N * M], B[M * G], one[N], left = 0;
  mdm_normals((mdm_stream){1, 0, 0, 0, 0, 0}, 0, N * (D + C), W);
  mdm_normals((mdm_stream){2, 0, 0, 0, 0, 0}, 0, N * M, A);
  CU_ASSERT_EQUAL_FATAL(match_particles_f64(N, D, C, K, axes, W, Gm, NULL), MDM_OK);
  CU_ASSERT(is_matched(N, G, Gm, one));
  CU_ASSERT(!memcmp(W + N * D, Gm + N * K, N * C * sizeof *W));
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < K; k++) {
      double along = 0;
      for (size_t d = 0; d < D; d++) along += W[i + N * d] * axes[d + D * k];
      CU_ASSERT_DOUBLE_EQUAL(along, Gm[i + N * k], 1e-12);
    }
  for (size_t d = D - OTHERS; d < D; d++) {
    left += mean_product(N, W + N * d, W + N * d) / OTHERS;
    for (size_t c = 0; c < G; c++) CU_ASSERT(fabs(mean_product(N, W + N * d, Gm + N * c)) < 1e-12);
  }
  CU_ASSERT(fabs(left - 1) < 4 * sqrt(2. / (OTHERS * (N - G - 1)))); /* within four standard errors of a mean square */
  CU_ASSERT_EQUAL_FATAL(match_columns_f64(N, G, Gm, M, A, NULL), MDM_OK);
  for (size_t m = 0; m < M; m++)
    for (size_t c = 0; c < G; c++) B[m + M * c] = sqrt(N) * mean_product(N, A + N * m, Gm + N * c);
  CU_ASSERT(is_matched(M, G, B, one));
  double before = A[0];
  CU_ASSERT_EQUAL_FATAL(match_columns_f64(N, G, Gm, 2 * G + 1, A, NULL), MDM_OK); /* too few: they stay */
  CU_ASSERT_EQUAL(A[0], before);
}

/* ---------------------------------------------------------------- the choice */

static void cheaper_way_is_chosen(void) {
  static const struct {
    const char *settings, *method, *why;
  } rows[] = {{"", "particles", "particles, chosen by solve.method: auto|by networks|directions"},
              {"data.train=200 train.batch=4 train.steps=49 solve.accuracy=0.05", "networks", "networks, chosen by solve.method: auto|by particles"},
              {"data.train=200 train.batch=4 train.steps=49 solve.accuracy=0.05 solve.rank=8", "particles", "particles, chosen by solve.method: auto|14 directions|solve.rank"},
              {"solve.particles=500", "particles", "solve.particles is given"},
              {"solve.widths=[8,16]", "networks", "solve.widths is given"}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    char settings[200], why[MDM_METHOD_WHY], again[MDM_METHOD_WHY];
    mdm_data *data;
    snprintf(settings, sizeof settings, "solve.method=auto %s", rows[i].settings);
    mdm_config *cfg = configure(settings), *same = configure(settings);
    const mdm_monitor three = {.threads = 3};
    CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_method_choose(cfg, data, NULL, why, NULL), MDM_OK);
    CU_ASSERT_STRING_EQUAL(mdm_config_text(cfg, "solve.method"), rows[i].method);
    CU_ASSERT(mentions(why, rows[i].why));
    CU_ASSERT_EQUAL_FATAL(mdm_method_choose(same, data, &three, again, NULL), MDM_OK);
    CU_ASSERT_STRING_EQUAL(why, again);
    CU_ASSERT_EQUAL(mdm_config_check(cfg, NULL, 0, NULL), MDM_OK); /* what a file keeps can be given again */
    mdm_data_free(data);
    mdm_config_free(cfg);
    mdm_config_free(same);
  }
}

/* Widths for an accuracy: small ones where that is coarse, the same on any number of threads, none where nothing is asked for or widths are given. */
static void widths_follow_accuracy(void) {
  static const struct {
    const char *settings;
    size_t n;
    long smallest, largest; /* of the largest width */
  } rows[] = {{"solve.accuracy=0.05", 3, 64, 64}, {"solve.accuracy=0.001 train.lr=2", 3, 128, 512}, {"solve.accuracy=0.1 train.optimizer=sign train.lr=0.02", 4, 128, 256},
              {"solve.accuracy=0.1 model.active_fraction=0.1 solve.particles=0", 3, 64, 64},
              {"solve.replicas=3", 0, 0, 0}, {"solve.accuracy=0.1 solve.widths=[4,8]", 2, 8, 8}, {"solve.accuracy=0.1 model.active_fraction=0.02 solve.particles=0", 0, 0, 0}};
  for (size_t k = 0; k < COUNT(rows); k++) {
    char settings[300];
    mdm_data *data;
    double asked;
    size_t n, again;
    snprintf(settings, sizeof settings, "solve.method=networks train.steps=4 %s", rows[k].settings);
    mdm_config *cfg = configure(settings), *same = configure(settings);
    const mdm_monitor three = {.threads = 3};
    CU_ASSERT_EQUAL_FATAL(mdm_data_load(cfg, &data, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_accuracy_sizes(cfg, data, NULL, &asked, NULL), MDM_OK);
    CU_ASSERT_EQUAL_FATAL(mdm_accuracy_sizes(same, data, &three, &asked, NULL), MDM_OK);
    const long *widths = mdm_config_int_list(cfg, "solve.widths", &n), *others = mdm_config_int_list(same, "solve.widths", &again);
    CU_ASSERT_EQUAL_FATAL(n, rows[k].n);
    CU_ASSERT(n == again && (!n || !memcmp(widths, others, n * sizeof *widths)));
    if (n && !(widths[n - 1] >= rows[k].smallest && widths[n - 1] <= rows[k].largest)) fprintf(stderr, "%s: N = %ld\n", settings, widths[n - 1]);
    CU_ASSERT(!n || (widths[n - 1] >= rows[k].smallest && widths[n - 1] <= rows[k].largest));
    mdm_data_free(data);
    mdm_config_free(cfg);
    mdm_config_free(same);
  }
}

/* ---------------------------------------------------------------- as any other limit */

#define FEW "-s solve.method=networks -s solve.widths=[8,16,32] -s train.steps=8 -s output.kernels=false -s output.statistics=false "

static void goes_on(void) {
  succeeds("solve - -q -t 1 -o @/whole.h5 " FEW "-s solve.replicas=5");
  succeeds("solve - -q -t 2 -o @/more.h5 " FEW "-s solve.replicas=2");
  succeeds("solve - -q -t 2 -o @/more.h5 " FEW "-s solve.replicas=5"); /* more families, other threads */
  same_results("more.h5", "whole.h5", 1);
  succeeds("compare - -q -o @/compared.h5 " FEW "-s solve.replicas=5 -s simulate.widths=[8,16] -s simulate.seeds=3");
  succeeds("sweep - -q -o @/sweep.h5 " FEW "-s solve.replicas=3 -s simulate.widths=[8] -s simulate.seeds=3 --over train.lr=0.2,0.4");
  succeeds("solve - -q -t 1 -o @/auto.h5 -s solve.method=auto -s solve.accuracy=0.1 -s data.train=120 -s train.batch=4 -s train.steps=29 -s output.kernels=false");
  CU_ASSERT(mentions(run("info @/auto.h5")->out, "networks of N = 4, 8, 64|chosen by solve.method: auto"));
  CU_ASSERT_EQUAL(run("rerun @/auto.h5")->code, 0);
  CU_ASSERT(mentions(run("info @/whole.h5")->out, "networks of N = 8, 16, 32 in families, extrapolated in 1/N|N = ∞"));
}

static const test_case tests[] = {
    {"halves and their halves are blocks of the same draws", parts_are_blocks},
    {"extrapolation is exact for 1/N, and its bias for 1/N^2", series_are_exact},
    {"members of a width are apart", members_are_apart},
    {"weights of widths, in halves and beyond a gap", widths_are_weighted},
    {"extrapolation is exact for N^-1/2 and 1/N", roots_are_exact},
    {"standard errors hold the error of extrapolation", errors_hold_the_bias},
    {"losses of mean predictions have no bias", losses_have_no_bias},
    {"accuracies count samples by their margin", classes_count_by_their_margin},
    {"the limit is that of particles", agrees_with_particles},
    {"matched draws have exact moments", moments_are_exact},
    {"auto takes the cheaper way, and says why", cheaper_way_is_chosen},
    {"widths follow the accuracy", widths_follow_accuracy},
    {"more families, threads, compare and sweep", goes_on},
};

SUITE_IN_FOLDER("run/family", tests)
