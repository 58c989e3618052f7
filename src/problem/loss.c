/* Losses: mean squared error and cross-entropy, their gradients and the accuracy. */
#include <math.h>

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

double mdm_loss_eval(const mdm_problem *p, size_t n, const double *f, const double *y, double *e, double *accuracy) {
  size_t C = p->model.outputs, correct = 0;
  double sum = 0, scale = p->loss_multiplier / (double)n;
  for (size_t i = 0; i < n; i++, f += C, y += C) {
    double *ei = e ? e + C * i : NULL;
    if (p->loss == MDM_LOSS_MSE) sum += squared_error(C, f, y, ei);
    else sum += C == 1 ? logistic(*f, *y, ei) : softmax_loss(C, f, y, ei);
    for (size_t c = 0; c < C && ei; c++) ei[c] *= scale;
    correct += C == 1 ? *f * *y > 0 : largest(C, f) == largest(C, y);
  }
  if (accuracy) *accuracy = (double)correct / (double)n;
  return sum * scale;
}
