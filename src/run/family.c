/* Families of networks: their sizes, and what they measure at N = infinity (family.h). */
#include "run/family.h"

#include <gsl/gsl_sort_long.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fit.h"
#include "base/memory.h"
#include "base/record.h"
#include "run/estimate.h"

#define BIAS "bias/"
static const char *const PARTS_OF_DATA[] = {"train", "test"};
enum { DATA_PARTS = 2, PATH = 96 + sizeof BIAS };

/* ---------------------------------------------------------------- sizes */

static int check_parts(const mdm_model *m, long N, long of_part, mdm_error *err) {
  mdm_sizes whole = mdm_model_network_sizes(m, (size_t)N), part = mdm_model_network_sizes(m, (size_t)of_part);
  long times = N / of_part;
  int fit = (!m->regime->experts_grow || (double)times * part.M <= whole.M) && (!m->regime->neurons_grow || (double)times * part.Ne <= whole.Ne);
  size_t heads = mdm_model_count(m, MDM_BLOCK_ATTENTION) ? mdm_model_groups(m, (size_t)N) : 0, heads_of_part = heads ? mdm_model_groups(m, (size_t)of_part) : 0;
  if ((size_t)times * heads_of_part > heads)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.widths: %ld networks of N = %ld (%zu groups of heads) do not fit into one of N = %ld (%zu); choose widths at which model.heads_ratio gives whole numbers",
                    times, of_part, heads_of_part, N, heads);
  if (fit) return MDM_OK;
  return mdm_fail(err, MDM_ERR_CONFIG, "solve.widths: %ld networks of N = %ld (%g experts of %g neurons) do not fit into one of N = %ld (%g of %g); choose widths at which model.experts_ratio and model.expert_width_ratio give whole numbers",
                  times, of_part, part.M, part.Ne, N, whole.M, whole.Ne);
}

static int check_members(const mdm_model *m, const mdm_family *f, mdm_error *err) {
  int status = MDM_OK;
  for (size_t i = 0; i < f->widths && !status; i++) {
    mdm_sizes s = mdm_model_network_sizes(m, (size_t)f->width[i]);
    if (s.Ne < 1 || s.M < 1 || s.K < 1)
      status = mdm_fail(err, MDM_ERR_CONFIG, "solve.widths: a network of N = %ld has %g experts of %g neurons, of which %g are active; raise the widths", f->width[i], s.M, s.Ne, s.K);
    else if (mdm_model_count(m, MDM_BLOCK_ATTENTION) && !mdm_model_groups(m, (size_t)f->width[i]))
      status = mdm_fail(err, MDM_ERR_CONFIG, "solve.widths: a network of N = %ld has no heads; raise the widths, or model.heads_ratio", f->width[i]);
    else if (i + 1 < f->widths) status = check_parts(m, f->width[i], f->width[i + 1], err);
  }
  return status;
}

/* Whether a is 2, 4, 8, ... times b. */
static int is_power_of_two(long a, long b) {
  long times = a / b;
  return a % b == 0 && times > 1 && !(times & (times - 1));
}

int mdm_by_networks(const mdm_config *cfg) { return !strcmp(mdm_config_text(cfg, "solve.method"), "networks"); }

static double rate_of(const mdm_family *f, const char *path) {
  double rate = mdm_rate_lowest(&f->rules, path);
  return isnan(rate) ? 1 : rate; /* none is predicted: numbers of networks, whose means are smooth */
}

/* Where N^-1/2 is in the series of predictions it has a term more. */
static int has_roots(const mdm_family *f) { return rate_of(f, "observables/train/prediction") < 1; }

long mdm_family_usual_width(const mdm_rate_rules *rules) {
  const mdm_family f = {.rules = *rules};
  return has_roots(&f) ? 256 : 128;
}

/* The first of these of which the model has networks: the largest width over each. The last but one, or two where N^-1/2 is in the series, is what the value is from, and the smallest checks
 * it; wide gaps are what keeps the noise of extrapolation small (docs/theory.md, section 19). */
int mdm_family_usual(const mdm_model *model, const mdm_rate_rules *rules, long largest, mdm_family *f, mdm_error *err) {
  enum { ROWS = 3, LEVELS = 4 };
  static const long over[2][ROWS][LEVELS] = {{{1, 8, 16}, {1, 4, 8}, {1, 2, 4}}, {{1, 4, 16, 32}, {1, 2, 4, 8}, {1, 2, 4}}};
  int status = MDM_ERR_CONFIG;
  *f = (mdm_family){.rules = *rules};
  for (size_t row = 0; status && row < ROWS; row++) {
    const long *o = over[has_roots(f)][row];
    for (f->widths = 0; f->widths < LEVELS && o[f->widths]; f->widths++) f->width[f->widths] = largest / o[f->widths];
    status = check_members(model, f, row + 1 == ROWS ? err : NULL);
  }
  return status;
}

int mdm_family_read(const mdm_config *cfg, const mdm_model *model, mdm_family *f, mdm_error *err) {
  size_t n;
  long width[MDM_FAMILY_WIDTHS] = {0};
  const long *given = mdm_config_int_list(cfg, "solve.widths", &n);
  *f = (mdm_family){0};
  if (!mdm_by_networks(cfg)) return MDM_OK;
  if (mdm_model_count(model, MDM_BLOCK_ATTENTION) && !model->regime->experts_grow)
    return mdm_fail(err, MDM_ERR_CONFIG, "solve.method: networks has no families of networks whose heads widen (model.regime = %s); set it to particles", model->regime->name);
  int status = mdm_rate_rules_read(cfg, &f->rules, err);
  if (status) return status;
  if (!n) return mdm_family_usual(model, &f->rules, mdm_family_usual_width(&f->rules), f, err);
  if (n < 2 || n > MDM_FAMILY_WIDTHS) return mdm_fail(err, MDM_ERR_CONFIG, "solve.widths has %zu numbers; allowed: two to %d", n, MDM_FAMILY_WIDTHS);
  memcpy(width, given, n * sizeof *width);
  gsl_sort_long(width, 1, n);
  for (size_t i = 0; i + 1 < n; i++)
    if (!is_power_of_two(width[i + 1], width[i]))
      return mdm_fail(err, MDM_ERR_CONFIG, "solve.widths names %ld and %ld: each has to be 2, 4, 8, ... times the one before, so that networks have such parts", width[i], width[i + 1]);
  for (size_t i = 0; i < n; i++) f->width[i] = width[n - 1 - i];
  f->widths = n;
  return check_members(model, f, err);
}

/* Terms of the series that values of a rate are fitted by: 1 and N^-rate, and the square of that where there are widths for it: any three where the rate is 1/2, five where
 * it is 1, since up to four a straight line in 1/N is less noisy by more than it is off. */
static size_t terms_of(const mdm_family *f, double rate) { return f->widths > (rate < 1 ? 2 : 4) ? 3 : 2; }

/* Parts of a level's width that the network has. */
static size_t parts_at(const mdm_family *f, size_t level) { return (size_t)(f->width[0] / f->width[level]); }

/* Whether widths are left out between a level and the largest. */
static int is_beyond_gap(const mdm_family *f, size_t level) { return parts_at(f, level) > (size_t)1 << level; }

/* Members of a level beyond a gap: one. A width 1/r of the largest has 1/r of its weight and r times its variance, so that one member adds 1/r of the noise, and more of them cost more
 * than they bring. Where the series is in N^-1/2 weights are larger, and so are the numbers. */
static size_t members_beyond_gap(size_t all, double rate) { return rate < 1 && all < 16 ? 16 / all : 1; }

/* Members of a level: all parts of the network; of the smallest, where it only checks, a quarter of them, since its weight in what it tells is small; few beyond a gap. */
static size_t at_level(const mdm_family *f, size_t level) {
  size_t all = parts_at(f, level), last = level + 1 == f->widths;
  double rate = rate_of(f, "observables/train/prediction");
  if (is_beyond_gap(f, level)) return members_beyond_gap(all, rate);
  int checks = last && f->widths > terms_of(f, rate);
  return checks && all > 4 ? all / 4 : checks ? 1 : all;
}

int mdm_family_text(const mdm_config *cfg, char *out, size_t size, mdm_error *err) {
  mdm_family f;
  mdm_model m = {0};
  int status = mdm_model_read(cfg, 1, 1, &m, err);
  if (!status) status = mdm_family_read(cfg, &m, &f, err);
  if (status) return status;
  double rate = rate_of(&f, "observables/train/prediction");
  size_t terms = terms_of(&f, rate), used = (size_t)snprintf(out, size, "networks of N =");
  for (size_t i = f.widths; i-- > 0 && used < size;) used += (size_t)snprintf(out + used, size - used, " %ld%s", f.width[i], i ? "," : "");
  if (used < size)
    snprintf(out + used, size - used, " in families, extrapolated in %s", rate == 1 ? terms > 2 ? "1/N and 1/N^2" : "1/N" : terms > 2 ? "N^-1/2 and 1/N" : "N^-1/2");
  return MDM_OK;
}

/* Where the members of a level begin. */
static size_t first_at(const mdm_family *f, size_t level) {
  size_t sum = 0;
  for (size_t l = 0; l < level; l++) sum += at_level(f, l);
  return sum;
}

size_t mdm_family_members(const mdm_family *f) { return first_at(f, f->widths); }

mdm_task mdm_family_member(const mdm_family *f, const mdm_problem *p, const mdm_task *replica, size_t i) {
  size_t level = 0;
  while (level + 1 < f->widths && i >= first_at(f, level + 1)) level++;
  size_t apart = parts_at(f, level) / at_level(f, level);
  return (mdm_task){.width = f->width[level], .index = replica->index, .whole = f->width[0], .part = (i - first_at(f, level)) * apart,
                    .cost = mdm_network_cost(p, f->width[level]), .board = replica->board};
}

double mdm_family_cost(const mdm_family *f, const mdm_problem *p) {
  double sum = 0;
  for (size_t i = 0; i < f->widths; i++) sum += (double)at_level(f, i) * mdm_network_cost(p, f->width[i]);
  return sum;
}

double mdm_family_bytes(const mdm_family *f, const mdm_problem *p, int single) {
  return mdm_network_bytes(p, f->width[0], single) + (double)mdm_family_members(f) * mdm_record_bytes(p);
}

/* ---------------------------------------------------------------- at N = infinity */

/* Inverse of the variance of a level's mean, in units of the largest network's: 1 where all parts are members. Of those that check as well: fits with them are the same for any number. */
static double precision_of(const mdm_family *f, size_t level) { return is_beyond_gap(f, level) ? (double)at_level(f, level) / (double)parts_at(f, level) : 1; }

/* Weights of the largest n widths in the value at x = 0 of the polynomial of `terms` terms in x = N^-rate that fits them best, by the noise of the means of levels. With as
 * many terms as widths it passes through them (Richardson). By polynomials that are orthonormal on the
 * widths with their precisions u, each with its value at 0: w = u sum_j q_j q_j(0). */
static void weigh(const mdm_family *f, double rate, size_t terms, size_t n, double w[MDM_FAMILY_WIDTHS]) {
  double q[MDM_FAMILY_WIDTHS][MDM_FAMILY_WIDTHS + 1] = {{0}}; /* terms × (n, and x = 0) */
  for (size_t i = 0; i < MDM_FAMILY_WIDTHS; i++) w[i] = 0;
  for (size_t j = 0; j < terms; j++) {
    double square = 0;
    for (size_t i = 0; i < n; i++) q[j][i] = pow((double)f->width[n - 1] / (double)f->width[i], rate * (double)j);
    q[j][n] = j == 0;
    for (size_t k = 0; k < j; k++) {
      double along = 0;
      for (size_t i = 0; i < n; i++) along += precision_of(f, i) * q[j][i] * q[k][i];
      for (size_t i = 0; i <= n; i++) q[j][i] -= along * q[k][i];
    }
    for (size_t i = 0; i < n; i++) square += precision_of(f, i) * q[j][i] * q[j][i];
    for (size_t i = 0; i <= n; i++) q[j][i] /= sqrt(square);
    for (size_t i = 0; i < n; i++) w[i] += precision_of(f, i) * q[j][i] * q[j][n];
  }
}

/* Of an array: weights of its value, by all widths but the smallest where there are so many, and of its bias, the difference from a series with one term more
 * through all of them; returns whether that can be told. */
static int weights_of(const mdm_family *f, const char *path, double value[MDM_FAMILY_WIDTHS], double bias[MDM_FAMILY_WIDTHS]) {
  double rate = rate_of(f, path);
  size_t terms = terms_of(f, rate), checked = f->widths > terms;
  weigh(f, rate, terms, f->widths - checked, value);
  for (size_t i = 0; i < MDM_FAMILY_WIDTHS; i++) bias[i] = 0;
  if (checked) weigh(f, rate, terms + 1, f->widths, bias);
  for (size_t i = 0; i < MDM_FAMILY_WIDTHS; i++) bias[i] = value[i] - bias[i];
  return (int)checked;
}

static const mdm_array *array_of(const mdm_record *rec, const char *path) { return mdm_record_find(rec, path); }

/* Mean of entry e over the members of a level. */
static double mean_at(const mdm_family *f, const mdm_array *const *of, size_t level, size_t e) {
  double sum = 0;
  size_t n = at_level(f, level), first = first_at(f, level);
  for (size_t k = 0; k < n; k++) sum += of[first + k]->value[e];
  return sum / (double)n;
}

/* What all members agree about stays as it is. */
static double weighted(const mdm_family *f, const mdm_array *const *of, const double *w, size_t e, double agreed) {
  double sum = 0, first = of[0]->value[e];
  int same = 1;
  for (size_t i = 1; i < mdm_family_members(f) && same; i++) same = of[i]->value[e] == first || (isnan(first) && isnan(of[i]->value[e]));
  if (same) return isnan(first) ? first : agreed * first;
  for (size_t i = 0; i < f->widths; i++)
    if (w[i] != 0) sum += w[i] * mean_at(f, of, i, e);
  return sum;
}

/* "…/seconds": of all members; other diagnostics: the largest. */
static void add_up(const mdm_family *f, const mdm_array *const *of, mdm_array *out) {
  size_t n = mdm_elements(out->rank, out->dim), length = strlen(out->path);
  int seconds = length > 7 && !strcmp(out->path + length - 7, "seconds");
  for (size_t e = 0; e < n; e++)
    for (size_t i = 0; i < mdm_family_members(f); i++) {
      double v = of[i]->value[e];
      out->value[e] = seconds ? out->value[e] + v : !i || v > out->value[e] ? v : out->value[e];
    }
}

static int add_bias(const mdm_family *f, const mdm_array *const *of, const double *w, mdm_record *rec, mdm_error *err) {
  mdm_array shape = *of[0], *out;
  if (snprintf(shape.path, sizeof shape.path, BIAS "%s", of[0]->path) >= (int)sizeof shape.path)
    return mdm_fail(err, MDM_ERR_INTERNAL, "the path %s is too long", of[0]->path);
  shape.text = "estimate of what the next power of N leaves in the array of this name; its standard error holds it";
  int status = mdm_record_append(rec, &shape, 0, &out, err);
  for (size_t e = 0; !status && e < mdm_elements(shape.rank, shape.dim); e++) out->value[e] = weighted(f, of, w, e, 0);
  return status;
}

static int add_array(const mdm_family *f, const mdm_array *const *of, mdm_record *rec, mdm_error *err) {
  double value[MDM_FAMILY_WIDTHS], bias[MDM_FAMILY_WIDTHS];
  mdm_array *out;
  int status = mdm_record_append(rec, of[0], 0, &out, err);
  if (status) return status;
  if (!strncmp(out->path, "diagnostics/", 12)) return add_up(f, of, out), MDM_OK;
  int checked = weights_of(f, out->path, value, bias);
  for (size_t e = 0; e < mdm_elements(out->rank, out->dim); e++) out->value[e] = weighted(f, of, value, e, 1);
  return checked ? add_bias(f, of, bias, rec, err) : MDM_OK;
}

/* Mean losses at each width, so that one sees the series. */
static int add_levels(const mdm_family *f, mdm_record *const *member, const char *part, mdm_record *rec, mdm_error *err) {
  const mdm_array *of[MDM_FAMILY_MEMBERS];
  char path[96];
  double *v;
  snprintf(path, sizeof path, "observables/%s/loss", part);
  for (size_t i = 0; i < mdm_family_members(f); i++)
    if (!(of[i] = array_of(member[i], path))) return MDM_OK;
  const size_t dim[2] = {f->widths, of[0]->dim[0]};
  snprintf(path, sizeof path, "levels/%s/loss", part);
  int status = mdm_record_add(rec, path, 2, dim, *part == 't' && part[1] == 'r' ? "level, step" : "level, test step", "mean loss of the networks of each width", &v, err);
  for (size_t l = 0; l < dim[0] && !status; l++)
    for (size_t t = 0; t < dim[1]; t++) v[l * dim[1] + t] = mean_at(f, of, l, t);
  return status;
}

static int add_widths(const mdm_family *f, mdm_record *rec, mdm_error *err) {
  double *v, w[MDM_FAMILY_WIDTHS], bias[MDM_FAMILY_WIDTHS];
  int status = mdm_record_add(rec, "levels/width", 1, &f->widths, "level", "stream width N of the networks of a family", &v, err);
  for (size_t l = 0; l < f->widths && !status; l++) v[l] = (double)f->width[l];
  if (!status) status = mdm_record_add(rec, "levels/weight", 1, &f->widths, "level", "weight of each width in predictions at N = infinity", &v, err);
  if (status) return status;
  weights_of(f, "observables/train/prediction", w, bias);
  memcpy(v, w, f->widths * sizeof *v);
  return MDM_OK;
}

int mdm_family_combine(const mdm_family *f, mdm_record *const *member, mdm_record **out, mdm_error *err) {
  const mdm_array *of[MDM_FAMILY_MEMBERS];
  *out = NULL;
  mdm_record *rec = NULL;
  int status = mdm_record_create(&rec, err);
  for (size_t k = 0; !status && k < mdm_record_count(member[0]); k++) {
    of[0] = mdm_record_at(member[0], k);
    for (size_t i = 1; i < mdm_family_members(f) && !status; i++) {
      of[i] = array_of(member[i], of[0]->path);
      if (!of[i] || !mdm_same_shape(of[i], of[0])) status = mdm_fail(err, MDM_ERR_INTERNAL, "networks of a family do not have the same %s", of[0]->path);
    }
    if (!status) status = add_array(f, of, rec, err);
  }
  for (int part = 0; part < DATA_PARTS && !status; part++) status = add_levels(f, member, PARTS_OF_DATA[part], rec, err);
  if (!status) status = add_widths(f, rec, err);
  if (status) return mdm_record_free(rec), status;
  *out = rec;
  return MDM_OK;
}

/* ---------------------------------------------------------------- losses of mean predictions */

/* One part of the data at one time: predictions of n replicas, and of their biases. */
typedef struct {
  const mdm_problem *p;
  size_t n, samples, size, at; /* replicas; samples; numbers of a prediction; where they begin */
  const mdm_array **f, **bias; /* n; bias[0] NULL: none is known */
  const double *y;             /* size: targets */
  double *sum, *less;          /* size each: sum over replicas; without one of them */
} moment;

/* Numbers of replica i, less those of its bias where sign is 1. */
static double number_of(const moment *m, size_t i, int corrected, size_t e) {
  return m->f[i]->value[m->at + e] - (corrected ? m->bias[i]->value[m->at + e] : 0);
}

/* Loss of the mean over all replicas but one (n: over all). */
static double loss_without(const moment *m, size_t left, int corrected) {
  double count = (double)(m->n - (left < m->n));
  for (size_t e = 0; e < m->size; e++) m->less[e] = (m->sum[e] - (left < m->n ? number_of(m, left, corrected, e) : 0)) / count;
  return mdm_loss_eval(m->p, m->samples, m->less, m->y, NULL, NULL);
}

static void add_up_predictions(const moment *m, int corrected) {
  for (size_t e = 0; e < m->size; e++) {
    m->sum[e] = 0;
    for (size_t i = 0; i < m->n; i++) m->sum[e] += number_of(m, i, corrected, e);
  }
}

/* Adds factor × pseudo-values n L − (n − 1) L₍ᵢ₎ to out[i]. */
static void add_pseudo_values(const moment *m, int corrected, double factor, double *out) {
  double n = (double)m->n, all = loss_without(m, m->n, corrected);
  for (size_t i = 0; i < m->n; i++) out[i] += factor * (n * all - (n - 1) * loss_without(m, i, corrected));
}

static size_t largest_but(size_t C, const double *v, size_t but) {
  size_t best = but ? 0 : 1;
  for (size_t c = 0; c < C; c++)
    if (c != but && v[c] > v[best]) best = c;
  return best;
}

/* Margin of one sample, f y of a single output, or f of the right one less that of its rival among the means (in m->less): of replica i. */
static double margin_of(const moment *m, size_t i, int corrected, size_t first, size_t right, size_t rival) {
  double own = number_of(m, i, corrected, first + right);
  return right == rival ? own * m->y[first] : own - number_of(m, i, corrected, first + rival);
}

/* Adds factor × a sample's part of the accuracy: the probability that its margin at N = infinity is positive, as far as its noise tells, and to first
 * order what each replica makes of that. Without noise: right, wrong, or its share of a tie. */
static void add_credit(const moment *m, int corrected, double factor, size_t first, size_t C, double *out) {
  const double *mean = m->less + first, *y = m->y + first;
  size_t right = C > 1 ? largest_but(C, y, C) : 0, rival = C > 1 ? largest_but(C, mean, right) : 0, tied = C > 1 ? 1 : 2;
  double n = (double)m->n, margin = C > 1 ? mean[right] - mean[rival] : *mean * *y, square = 0;
  for (size_t i = 0; i < m->n; i++) square += pow(margin_of(m, i, corrected, first, right, rival) - margin, 2);
  double error = sqrt(square / (n * (n - 1))), z = margin / error;
  for (size_t c = 0; c < C && C > 1; c++) tied += c != right && mean[c] == mean[right];
  for (size_t i = 0; i < m->n; i++) {
    double slope = exp(-z * z / 2) / sqrt(2 * acos(-1)) / error;
    if (error > 0) out[i] += factor * (0.5 * erfc(-z / sqrt(2)) + slope * (margin_of(m, i, corrected, first, right, rival) - margin));
    else out[i] += isnan(margin) ? NAN : factor * (margin > 0 ? 1 : margin < 0 ? 0 : 1 / (double)tied);
  }
}

/* The same of all samples. */
static void add_accuracies(const moment *m, int corrected, double factor, double *out) {
  size_t C = m->size / m->samples;
  for (size_t e = 0; e < m->size; e++) m->less[e] = m->sum[e] / (double)m->n;
  factor /= (double)mdm_targeted(m->p, m->samples, m->y);
  for (size_t s = 0; s < m->samples; s++)
    if (mdm_has_target(m->p, m->y + s * C)) add_credit(m, corrected, factor, s * C, C, out);
}

static double *values(mdm_record *rec, const char *path) {
  const mdm_array *a = mdm_record_find(rec, path);
  return a ? a->value : NULL;
}

/* What `add` makes of the mean predictions, and its bias, at record t into the arrays of that name. pseudo: n. */
static void values_at(const moment *m, mdm_record *const *replica, const char *path, size_t t, void (*add)(const moment *m, int corrected, double factor, double *out),
                      double *pseudo) {
  char bias[PATH];
  snprintf(bias, sizeof bias, BIAS "%s", path);
  for (int corrected = 0; corrected < (m->bias[0] && values(replica[0], bias) ? 2 : 1); corrected++) {
    if (!corrected) memset(pseudo, 0, m->n * sizeof *pseudo);
    add_up_predictions(m, corrected);
    add(m, corrected, corrected ? -1 : 1, pseudo);
    for (size_t i = 0; i < m->n; i++) values(replica[i], corrected ? bias : path)[t] = pseudo[i];
  }
}

static void at_record(moment *m, mdm_record *const *replica, const char *part, size_t t, double *pseudo) {
  char loss[96], accuracy[96];
  snprintf(loss, sizeof loss, "observables/%s/loss", part);
  snprintf(accuracy, sizeof accuracy, "observables/%s/accuracy", part);
  m->at = t * m->size;
  values_at(m, replica, loss, t, add_pseudo_values, pseudo);
  if (values(replica[0], accuracy)) values_at(m, replica, accuracy, t, add_accuracies, pseudo);
}

static int losses_of(const mdm_problem *p, mdm_record *const *replica, size_t n, int test, mdm_error *err) {
  char path[96], bias[PATH];
  snprintf(path, sizeof path, "observables/%s/prediction", PARTS_OF_DATA[test]);
  snprintf(bias, sizeof bias, BIAS "%s", path);
  const mdm_array *shape = mdm_record_find(replica[0], path);
  if (!shape) return MDM_OK;
  size_t size = shape->dim[1] * shape->dim[2];
  const mdm_array **f = mdm_alloc(n, 2, 1, sizeof *f); /* n; n */
  double *work = mdm_alloc(3, size, 1, sizeof *work), *pseudo = mdm_alloc(n, 1, 1, sizeof *pseudo); /* targets, sum, less: size each; n */
  int status = f && work && pseudo ? MDM_OK : mdm_no_memory(err, "the losses of %zu families", n);
  for (size_t i = 0; i < n && !status; i++) f[i] = mdm_record_find(replica[i], path), f[n + i] = mdm_record_find(replica[i], bias);
  for (size_t t = 0; !status && t < shape->dim[0]; t++) {
    moment m = {p, n, shape->dim[1], size, 0, f, f + n, test ? p->data->test.y : work, work + size, work + 2 * size};
    if (!test) mdm_problem_targets(p, t, shape->dim[1], work);
    at_record(&m, replica, PARTS_OF_DATA[test], t, pseudo);
  }
  free(f);
  free(work);
  free(pseudo);
  return status;
}

int mdm_family_losses(const mdm_family *f, const mdm_problem *p, mdm_record *const *replica, size_t n, mdm_error *err) {
  int status = MDM_OK;
  if (!f->widths || n < 2) return MDM_OK;
  for (int test = 0; test < DATA_PARTS && !status; test++) status = losses_of(p, replica, n, test, err);
  return status;
}

/* ---------------------------------------------------------------- errors */

/* Of a loss curve: squares of its value, standard error and bias, noise of that removed, as means over its finite entries. */
typedef struct {
  double value, error, bias, noise;
} squares;

static squares squares_of(const mdm_array *a, const mdm_array *b) {
  squares s = {0};
  double n = 0;
  for (size_t t = 0; t < a->dim[0]; t++) {
    if (!isfinite(a->value[t]) || !isfinite(a->error[t]) || !isfinite(b->value[t]) || !isfinite(b->error[t])) continue;
    s.value += pow(a->value[t], 2), s.error += pow(a->error[t], 2);
    s.bias += pow(b->value[t], 2), s.noise += pow(b->error[t], 2);
    n++;
  }
  return n > 0 ? (squares){s.value / n, s.error / n, s.bias / n, s.noise / n} : s;
}

/* Of losses: the bias of extrapolation in its standard errors, as a normal deviation; and both errors, relative. The entries of a curve rise and
 * fall together: they count as one. */
static int add_check(mdm_record *summary, size_t n, mdm_error *err) {
  static const struct {
    const char *name, *text;
  } rows[] = {{"diagnostics/extrapolation_z", "bias of the extrapolated losses in its standard errors, as a normal deviation (RMS over steps); of train and test part the larger"},
              {"diagnostics/extrapolation_bias", "the same bias, its noise removed, relative to the loss"},
              {"diagnostics/extrapolation_noise", "standard error of the extrapolated losses over families alone, relative to the loss"}};
  const size_t one = 1;
  double *out[3], z[3] = {NAN, NAN, NAN};
  int status = MDM_OK;
  for (int part = 0; part < DATA_PARTS; part++) {
    char path[96], bias[PATH];
    snprintf(path, sizeof path, "observables/%s/loss", PARTS_OF_DATA[part]);
    snprintf(bias, sizeof bias, BIAS "%s", path);
    const mdm_array *a = mdm_record_find(summary, path), *b = mdm_record_find(summary, bias);
    if (!a || !b || !a->error || !b->error || !a->rank || !mdm_same_shape(a, b)) continue;
    squares s = squares_of(a, b);
    if (!(s.value > 0) || !(s.noise > 0)) continue;
    double now = mdm_normal_deviations(sqrt(s.bias / s.noise), (double)n - 1);
    if (now <= z[0]) continue;
    z[0] = now, z[1] = sqrt(fmax(0, s.bias - s.noise) / s.value), z[2] = sqrt(s.error / s.value);
  }
  for (int k = 0; k < 3 && !isnan(z[0]) && !status; k++) {
    status = mdm_record_add(summary, rows[k].name, 1, &one, "value", rows[k].text, &out[k], err);
    if (!status) *out[k] = z[k];
  }
  return status;
}

int mdm_is_of_families(const mdm_record *rec) { return mdm_record_find(rec, "levels/width") != NULL; }

double mdm_family_error(double error, double bias, double noise) {
  double systematic = pow(bias, 2) - pow(noise, 2);
  return systematic > 0 ? sqrt(pow(error, 2) + systematic) : error;
}

int mdm_family_errors(mdm_record *summary, size_t n, mdm_error *err) {
  if (!mdm_is_of_families(summary) || n < 2) return MDM_OK;
  int status = add_check(summary, n, err);
  for (size_t k = 0; k < mdm_record_count(summary) && !status; k++) {
    const mdm_array *b = mdm_record_at(summary, k);
    const mdm_array *a = strncmp(b->path, BIAS, sizeof BIAS - 1) ? NULL : mdm_record_find(summary, b->path + sizeof BIAS - 1);
    if (!a || !a->error || !b->error || !mdm_same_shape(a, b)) continue;
    for (size_t e = 0; e < mdm_elements(a->rank, a->dim); e++) a->error[e] = mdm_family_error(a->error[e], b->value[e], b->error[e]);
  }
  return status;
}

/* Extrapolated loss of a family at record t. */
static double loss_of(const mdm_record *rec, const char *levels, const double *weight, size_t t) {
  const mdm_array *a = mdm_record_find(rec, levels);
  double sum = 0;
  for (size_t l = 0; l < a->dim[0]; l++) sum += weight[l] * a->value[l * a->dim[1] + t];
  return sum;
}

double mdm_family_spread(const mdm_ensemble *limit) {
  double most = NAN, n = (double)limit->runs;
  for (int part = 0; part < DATA_PARTS && limit->runs > 1; part++) {
    char path[96];
    snprintf(path, sizeof path, "levels/%s/loss", PARTS_OF_DATA[part]);
    const mdm_array *a = mdm_record_find(limit->summary, path);
    const double *w = mdm_record_find(limit->summary, "levels/weight")->value;
    double scatter = 0, square = 0;
    for (size_t t = 0; a && t < a->dim[1]; t++) {
      double mean = loss_of(limit->summary, path, w, t);
      square += mean * mean;
      for (size_t r = 0; r < limit->runs; r++) scatter += pow(loss_of(limit->each[r], path, w, t) - mean, 2) / (n - 1);
    }
    if (square > 0) most = fmax(most, scatter / square);
  }
  return most;
}
