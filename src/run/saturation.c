/* Signs in a limit's diagnostics that its sample biases it. */
#include "run/saturation.h"

#include <moedmft/run.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fit.h"
#include "base/record.h"
#include "run/bias.h"
#include "run/family.h"

/* Where MSSP in Regime III was biased by four standard errors the ranks of y and gamma were 0.96 and 0.90 of the particles, where it was not
 * 0.72 and 0.64 (docs/engineering.md). */
static const double NEAR = 0.85;

/* Difference of twins' logits, in logits: up to 0.2 losses were those without twins, from 0.45 on not (docs/engineering.md). */
static const double APART = 0.3;

/* Loss of orthogonality of directions, |⟨u u'⟩|: rounding leaves below 1e-5 in single precision; at 1e-3 coordinates are off by a tenth of
 * solve.tolerance's default. */
static const double SKEWED = 1e-3;

/* Relative error of a product through a skeleton of pairs: errors of some percent average out (docs/engineering.md), more may not. */
static const double COARSE = 0.3;

/* Standard errors, and part of the series' size, by which a mean square has to be negative before it counts. */
static const double NEGATIVE = 4, SMALL = 0.05;

/* Part of an array's largest number that single precision does not tell. */
static const double ROUNDING = 1e-5;

/* Part of a response, root of squares, that R lacks: more than half of its square. */
static const double UNRESOLVED = 0.71;

static double value(const mdm_record *rec, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "diagnostics/%s", name);
  const mdm_array *a = mdm_record_find(rec, path);
  return a ? a->value[0] : 0;
}

/* What else helps against many directions: nothing where they are bounded already, or the optimizer has no bound. */
static const char *bound_of(const mdm_config *cfg) {
  const char *optimizer = mdm_config_text(cfg, "train.optimizer");
  int linear = !strcmp(optimizer, "sgd") || !strcmp(optimizer, "momentum");
  return linear && !mdm_config_int(cfg, "solve.rank") ? ", or bound the directions by solve.rank" : "";
}

/* Fields, and the populations that their directions may fill. */
static const struct {
  const char *field, *rank, *particles, *what, *option;
} fields[] = {{"y", "rank_y", "particles_shared", "neurons that sampled experts share", "solve.neuron_particles"},
              {"gamma", "rank_gamma", "particles_shared", "neurons that sampled experts share", "solve.neuron_particles"},
              {"rho", "rank_rho", "particles_expert", "expert particles", "solve.expert_particles"},
              {"h", "rank_h", "particles_stream", "stream particles", "solve.particles"},
              {"delta", "rank_delta", "particles_stream", "stream particles", "solve.particles"}};
enum { FIELDS = sizeof fields / sizeof *fields };

/* Share of a population from which on it is full. */
static const double FULL = 0.98;

int mdm_fills_population(const mdm_record *limit, char *line, size_t size) {
  for (size_t i = 0; i < FIELDS && limit; i++) {
    double rank = value(limit, fields[i].rank), particles = value(limit, fields[i].particles);
    if (particles == 0 || rank < FULL * particles) continue;
    snprintf(line, size, "the %.0f directions of %s fill its %.0f %s: " MDM_NO_LIMIT ", but a network of so many neurons", rank, fields[i].field, particles, fields[i].what);
    return 1;
  }
  return 0;
}

static int full(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  (void)cfg;
  return mdm_fills_population(limit, line, size);
}

static int saturated(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  for (size_t i = 0; i < FIELDS; i++) {
    double rank = value(limit, fields[i].rank), particles = value(limit, fields[i].particles);
    if (particles == 0 || rank < NEAR * particles) continue;
    snprintf(line, size, "%s visited %.0f directions, about as many as there are %s (%.0f): the limit may be biased beyond its standard errors; raise %s%s",
             fields[i].field, rank, fields[i].what, particles, fields[i].option, bound_of(cfg));
    return 1;
  }
  return 0;
}

static int twins_apart(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  double apart = value(limit, "twin_difference");
  (void)cfg;
  if (apart < APART) return 0;
  snprintf(line, size, "the logits of experts sampled as twins came to differ by %.2g (RMS): the limit may be biased beyond its standard errors; "
           "train.optimizer: momentum with train.momentum: 0 is the same without twins", apart);
  return 1;
}

/* ε of an entrywise optimizer in units of the router's natural gradient; infinite for other optimizers, routers that do not learn, and one ε for
 * all tensors, beside which the router's gradient vanishes. */
static double epsilon_of(const mdm_config *cfg) {
  const char *optimizer = mdm_config_text(cfg, "train.optimizer");
  if (!strcmp(mdm_config_text(cfg, "model.gate"), "constant") || mdm_config_real(cfg, "train.lr_multiplier.router") == 0) return INFINITY;
  if (!strcmp(optimizer, "sign")) return 0;
  if (strncmp(optimizer, "adam", 4) != 0 || strcmp(mdm_config_text(cfg, "train.adam.eps_scale"), "tensor") != 0) return INFINITY;
  return mdm_config_real(cfg, "train.adam.eps");
}

static int follows_noise(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  const mdm_array *rho = mdm_record_find(limit, "observables/rms/rho");
  int nested = !strcmp(mdm_config_text(cfg, "model.regime"), "III") && value(limit, "particles_shared") == 0;
  double eps = epsilon_of(cfg);
  if (!rho || !nested || mdm_is_of_families(limit) || !(rho->value[0] > eps)) return 0;
  snprintf(line, size, "the gate's gradient, zero at the start, is %.2g (RMS) from sampling, above epsilon: the router's first steps follow noise, as in networks of so "
           "many neurons; raise solve.neuron_particles (the bias falls like its root)%s", rho->value[0], eps > 0 ? " or train.adam.eps" : "");
  return 1;
}

static int skewed(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  double loss = value(limit, "orthogonality_loss");
  (void)cfg;
  if (loss < SKEWED) return 0;
  snprintf(line, size, "directions of a field have lost their orthogonality (diagnostics/orthogonality_loss %.2g): numbers of the limit may be off by as much; "
           "set solve.precision: double, or raise solve.tolerance", loss);
  return 1;
}

static int coarse(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  static const char prefix[] = "diagnostics/skeleton_error_";
  const mdm_array *worst = NULL;
  (void)cfg;
  for (size_t i = 0; i < mdm_record_count(limit); i++) {
    const mdm_array *a = mdm_record_at(limit, i);
    if (!strncmp(a->path, prefix, sizeof prefix - 1) && (!worst || a->value[0] > worst->value[0])) worst = a;
  }
  if (!worst || worst->value[0] < COARSE) return 0;
  snprintf(line, size, "the skeleton of pairs of an entrywise optimizer is ill-conditioned: a product is off by %.2g of its size (%s); raise solve.pivots", worst->value[0], worst->path);
  return 1;
}

/* Element of a series of mean squares, as signed roots, that is negative beyond its noise; the series' length: there is none. */
static size_t first_negative(const mdm_array *a) {
  size_t n = 1, i = 0;
  double largest = 0;
  for (int d = 0; d < a->rank; d++) n *= a->dim[d];
  for (size_t k = 0; k < n; k++) largest = fmax(largest, fabs(a->value[k]));
  while (a->error && i < n && !(a->value[i] < -SMALL * largest && a->value[i] < -NEGATIVE * a->error[i])) i++;
  if (!a->error) return n; /* of one run no noise is known */
  return i < n ? i : n;
}

/* Name of an array that holds roots of mean squares with their signs, or NULL. */
static const char *signed_roots(const mdm_array *a) {
  static const char prefix[] = "observables/rms/";
  if (!strcmp(a->path, "observables/train/gradient_norm")) return "the gradient";
  return strncmp(a->path, prefix, sizeof prefix - 1) ? NULL : a->path + sizeof prefix - 1;
}

static int negative(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  (void)cfg;
  for (size_t i = 0; i < mdm_record_count(limit); i++) {
    const mdm_array *a = mdm_record_at(limit, i);
    const char *name = signed_roots(a);
    size_t at = name ? first_negative(a) : 0;
    if (!name || at == mdm_elements(a->rank, a->dim)) continue;
    snprintf(line, size, "the mean square of %s is negative beyond its noise at step %zu (%s = %.3g): the sample of the limit is too small for it; raise solve.neuron_particles or solve.particles",
             name, at % a->dim[a->rank - 1], a->path, a->value[at]);
    return 1;
  }
  return 0;
}

/* Of an array whose estimated bias exceeds the standard error by more than the estimate's own two standard errors: bias over standard error. Biases that
 * are rounding of a number's last digits do not count. */
static double excess(const mdm_record *limit, const char *path, double freedom) {
  double bias, error, noise, size = 0;
  const mdm_array *a = mdm_record_find(limit, path);
  if (!mdm_bias_of(limit, path, &bias, &error, &noise)) return 0;
  for (size_t i = 0; i < mdm_elements(a->rank, a->dim); i++) size = fmax(size, fabs(a->value[i]));
  return bias > ROUNDING * size && bias - mdm_student(2, freedom) * error > noise ? bias / noise : 0;
}

static int biased(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  static const char prefix[] = "observables/";
  const char *worst = NULL;
  double most = 0, bias, error, noise, of[MDM_BIAS_PARTS] = {0}, freedom = value(limit, "bias/replicas") - 1;
  for (size_t i = 0; i < mdm_record_count(limit); i++) {
    const char *path = mdm_record_at(limit, i)->path;
    double found = strncmp(path, prefix, sizeof prefix - 1) ? 0 : excess(limit, path, freedom);
    if (found > most) most = found, worst = path;
  }
  if (!worst || !mdm_bias_of(limit, worst, &bias, &error, &noise)) return 0;
  int inner = !strcmp(mdm_config_text(cfg, "model.regime"), "III"); /* neurons of sampled experts are a sample of their own, often the smallest */
  const char *const advice[MDM_BIAS_PARTS] = {inner ? "raise solve.neuron_particles or solve.particles" : "raise solve.particles", "lower solve.tolerance", "raise solve.rank"};
  int largest = 0;
  for (int k = 0; k < MDM_BIAS_PARTS; k++)
    if ((of[k] = mdm_bias_part(limit, k)) > of[largest]) largest = k;
  snprintf(line, size, "%s is biased by %.2g +- %.2g, beyond its standard error of %.2g (RMS; solve.bias_check): %s", worst + sizeof prefix - 1, bias, error, noise,
           advice[largest]);
  return 1;
}

/* A solution that shows the bias failed: half of the particles are too few for the directions, say. */
static int unchecked(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  int asked = mdm_record_find(limit, "diagnostics/bias/halves") != NULL, halves = value(limit, "bias/halves") != 0, finer = value(limit, "bias/finer") != 0;
  const mdm_array *fewer = mdm_record_find(limit, "diagnostics/bias/fewer");
  (void)cfg;
  if (asked && halves && finer && fewer && fewer->value[0] == 0) {
    snprintf(line, size, "the bias of the bound on directions is not known (solve.bias_check): there is no solution with half of solve.rank; raise solve.rank");
    return 1;
  }
  if (!asked || (halves && finer)) return 0;
  snprintf(line, size, "the bias %s is not known (solve.bias_check): there is no solution with %s; raise solve.particles", halves ? "of the tolerance" : finer ? "of the sample" : "",
           halves ? "a quarter of solve.tolerance" : finer ? "half of the particles" : "half of the particles, nor with a quarter of solve.tolerance");
  return 1;
}

/* Responses that the fields they answer to hardly determine: more than half of their square is along combinations of steps that do not stand out. */
static int undetermined(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  static const char prefix[] = "diagnostics/unresolved/";
  const mdm_array *time = mdm_record_find(limit, "diagnostics/unresolved/time"), *worst = NULL;
  size_t at = 0;
  (void)cfg;
  for (size_t i = 0; i < mdm_record_count(limit) && time; i++) {
    const mdm_array *a = mdm_record_at(limit, i);
    size_t n = strncmp(a->path, prefix, sizeof prefix - 1) || a == time ? 0 : mdm_elements(a->rank, a->dim);
    for (size_t k = 0; k < n; k++)
      if (a->value[k] > UNRESOLVED && (!worst || a->value[k] > worst->value[at])) worst = a, at = k;
  }
  if (!worst) return 0;
  const char *name = worst->path + sizeof prefix - 1;
  snprintf(line, size, "the response of %s at step %.0f is hardly determined by the fields that it answers to: %.0f %% of it (root of squares) lies along combinations of steps that are not resolved; "
           "compare responses/%s_action, or raise solve.particles", name, time->value[at % time->dim[0]], 100 * worst->value[at], name);
  return 1;
}

/* Normal deviations beyond which the check of an extrapolation fails: one in four hundred would by chance. */
static const double MISFIT = 3;

static int misfit(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  double z = value(limit, "extrapolation_z"), bias = value(limit, "extrapolation_bias"), noise = value(limit, "extrapolation_noise");
  (void)cfg;
  if (!(z > MISFIT) || bias < noise) return 0;
  snprintf(line, size, "the smallest of solve.widths does not lie on the series of the others (by %.3g standard errors): extrapolated losses may be off by %.2g of their "
           "size, which their standard errors hold; raise solve.widths", z, bias);
  return 1;
}

/* Errors of an extrapolation that no width checks. */
static int unchecked_series(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) {
  (void)cfg;
  if (!mdm_is_of_families(limit) || mdm_record_find(limit, "bias/observables/train/loss")) return 0;
  snprintf(line, size, "no width of solve.widths checks the extrapolation to N = infinity: standard errors do not hold what it leaves; add a smaller width");
  return 1;
}

static int (*const doubts[])(const mdm_config *cfg, const mdm_record *limit, char *line, size_t size) = {full, saturated, twins_apart, follows_noise, skewed, coarse, negative, biased, unchecked, undetermined, misfit, unchecked_series};

int mdm_doubt(const mdm_config *cfg, const mdm_record *limit, size_t *next, char *line, size_t size) {
  while (limit && *next < sizeof doubts / sizeof *doubts)
    if (doubts[(*next)++](cfg, limit, line, size)) return 1;
  return 0;
}

/* Columns whose moments are not matched, per particle, from which on it is said. No bias was seen up to 3.2 (docs/engineering.md). */
static const double UNMATCHED = 1;

/* Not a doubt: what is not matched is noise, which standard errors hold. */
static int unmatched(const mdm_record *limit, char *line, size_t size) {
  static const struct {
    const char *unmatched, *what, *option;
  } rows[] = {{"unmatched_stream", "stream particle", "solve.particles"},
              {"unmatched_expert", "expert particle", "solve.expert_particles"},
              {"unmatched_neuron", "expert neuron", "solve.neuron_particles or solve.particles"},
              {"unmatched_shared", "neuron that experts share", "solve.neuron_particles"}};
  size_t worst = 0;
  for (size_t i = 1; i < sizeof rows / sizeof *rows; i++)
    if (value(limit, rows[i].unmatched) > value(limit, rows[worst].unmatched)) worst = i;
  double columns = value(limit, rows[worst].unmatched);
  if (columns < UNMATCHED) return 0;
  snprintf(line, size, "matching of moments was given up for %.2g columns for each %s (diagnostics/%s): noise that standard errors hold; a larger %s matches more",
           columns, rows[worst].what, rows[worst].unmatched, rows[worst].option);
  return 1;
}

void mdm_announce_bias(const mdm_config *cfg, const mdm_record *limit, const mdm_monitor *monitor) {
  char line[MDM_DOUBT_SIZE];
  size_t next = 0;
  if (!monitor || !monitor->message) return;
  while (mdm_doubt(cfg, limit, &next, line, sizeof line)) monitor->message(monitor->context, line);
  if (limit && unmatched(limit, line, sizeof line)) monitor->message(monitor->context, line);
}
