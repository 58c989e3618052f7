/* Losses: mean squared error and cross-entropy, their gradients and the accuracy; alignment with targets. */
#include <math.h>
#include <string.h>

#include "base/summary.h"
#include "problem/problem.h"

static size_t largest(size_t C, const double *f) {
  size_t best = 0;
  for (size_t c = 1; c < C; c++)
    if (f[c] > f[best]) best = c;
  return best;
}

/* ½ Σ (f − y)²; e = f − y. */
static double squared_error(size_t C, const double *f, const double *y, double *e) {
  double sum = 0;
  for (size_t c = 0; c < C; c++) {
    double d = f[c] - y[c];
    sum += 0.5 * d * d;
    if (e) e[c] = d;
  }
  return sum;
}

/* log(1 + e^{−y f}); e = −y / (1 + e^{y f}). */
static double logistic(double f, double y, double *e) {
  double margin = y * f;
  if (e) *e = -y / (1 + exp(margin));
  return margin > 0 ? log1p(exp(-margin)) : -margin + log1p(exp(margin));
}

/* −Σ y log softmax(f); e = softmax(f) − y for one-hot y. */
static double softmax_loss(size_t C, const double *f, const double *y, double *e) {
  double top = f[largest(C, f)], sum = 0, loss = 0;
  for (size_t c = 0; c < C; c++) sum += exp(f[c] - top);
  for (size_t c = 0; c < C; c++) {
    double log_p = f[c] - top - log(sum);
    loss -= y[c] * log_p;
    if (e) e[c] = exp(log_p) - y[c];
  }
  return loss;
}

/* Outputs that differ by less, for a readout v of order 1, are equal: the limit starts at f = 0, up to rounding. */
static const double TIE = 1e-6;

/* 1: classified correctly, 0: not; between outputs that tie the chance to be right, one over their number. */
static double credit(size_t C, const double *f, const double *y, double tie) {
  if (C == 1) return fabs(*f) <= tie ? 0.5 : *f * *y > 0;
  double least = f[largest(C, f)] - tie;
  size_t tied = 0;
  if (!(f[largest(C, y)] >= least)) return 0;
  for (size_t c = 0; c < C; c++) tied += f[c] >= least;
  return 1 / (double)tied;
}

double mdm_loss_eval(const mdm_problem *p, size_t n, const double *f, const double *y, double *e, double *accuracy) {
  size_t C = p->model.outputs;
  double tie = TIE * fmax(1, p->model.init[MDM_W_OUT]), correct = 0, sum = 0, count = (double)mdm_targeted(p, n, y), scale = p->loss_multiplier / count;
  for (size_t i = 0; i < n; i++, f += C, y += C) {
    double *ei = e ? e + C * i : NULL;
    if (!mdm_has_target(p, y)) {
      for (size_t c = 0; c < C && ei; c++) ei[c] = 0;
      continue;
    }
    if (p->loss == MDM_LOSS_MSE) sum += squared_error(C, f, y, ei);
    else sum += C == 1 ? logistic(*f, *y, ei) : softmax_loss(C, f, y, ei);
    for (size_t c = 0; c < C && ei; c++) ei[c] *= scale;
    correct += credit(C, f, y, tie);
  }
  if (accuracy) *accuracy = correct / count;
  return sum * scale;
}

double mdm_problem_alignment(const mdm_problem *p, size_t n, double *kernel, double *y, double rounding, double *work) {
  size_t C = p->model.outputs, kept = mdm_targeted(p, n, y), to = 0;
  for (size_t i = 0, row = 0; i < n && kept < n; i++) { /* rows and columns of the others close up */
    if (!mdm_has_target(p, y + C * i)) continue;
    for (size_t j = 0; j < n; j++)
      if (mdm_has_target(p, y + C * j)) kernel[to++] = kernel[n * i + j];
    memmove(work + C * row++, y + C * i, C * sizeof *y);
  }
  if (kept < n) memcpy(y, work, C * kept * sizeof *y);
  return mdm_alignment(kept, C, kernel, y, rounding, work);
}
