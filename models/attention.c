/* Softmax attention inside particles (attention.h). Particles are cut into pieces that threads share; sequences follow each other. */
#include "models/attention.h"

#include <math.h>
#include <string.h>

#include "base/share.h"
#include "base/vecmath.h"

#if MDM_SINGLE
#define VEC_EXP mdm_vec_exp_f32
#else
#define VEC_EXP mdm_vec_exp_f64
#endif

enum { HEADS = 64 }; /* particles of a piece: their rows of a token, side by side, are some cache lines */

static size_t rows_of(const X(attention) *a) { return (a->queries + 2) * a->width; }
static size_t columns_of(const X(attention) *a) { return a->queries * a->width; }

/* Tokens that token t of a sequence sees: the first so many. */
static size_t seen(const X(attention) *a, size_t t) { return a->causal ? t + 1 : a->context; }

static real dot(size_t n, const real *x, const real *y) {
  real sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static void axpy(size_t n, real s, const real *x, real *y) {
  for (size_t i = 0; i < n; i++) y[i] += s * x[i];
}

/* One head's scores of a token, less the largest, into the T weights; tokens that it does not see are far below. */
static void score(const X(attention) *a, size_t t, const real *q, const real *key, size_t stride, real *weight) {
  size_t n = seen(a, t);
  real largest = -INFINITY;
  for (size_t s = 0; s < n; s++) {
    weight[s] = (real)a->scale * dot(a->width, q, key + stride * s);
    if (weight[s] > largest) largest = weight[s];
  }
  for (size_t s = 0; s < n; s++) weight[s] -= largest;
  for (size_t s = n; s < a->context; s++) weight[s] = 0;
}

/* o of one head and token from the exponentials of its scores, which become its weights. */
static void mix(const X(attention) *a, size_t t, const real *value, size_t stride, real *weight, real *o) {
  size_t n = seen(a, t);
  real sum = 0;
  for (size_t s = 0; s < n; s++) sum += weight[s];
  memset(o, 0, a->width * sizeof *o);
  for (size_t s = 0; s < n; s++) {
    weight[s] /= sum;
    axpy(a->width, weight[s], value + stride * s, o);
  }
  for (size_t s = n; s < a->context; s++) weight[s] = 0;
}

/* Token t of the sequence that begins at `first`, of particles from … to − 1. */
static void forward_token(const X(attention) *a, size_t first, size_t t, size_t from, size_t to, const real *u, real *weights, real *o) {
  size_t G = a->queries, d = a->width, T = a->context, rows = rows_of(a), stride = rows * a->particles, columns = columns_of(a);
  const real *begin = u + stride * first, *now = begin + stride * t;
  real *weight = weights + T * G * a->particles * (first + t), *out = o + columns * a->particles * (first + t);
  for (size_t i = from; i < to; i++)
    for (size_t g = 0; g < G; g++) score(a, t, now + rows * i + d * g, begin + rows * i + d * G, stride, weight + T * (G * i + g));
  VEC_EXP(T * G * (to - from), weight + T * G * from, weight + T * G * from);
  for (size_t i = from; i < to; i++)
    for (size_t g = 0; g < G; g++) mix(a, t, begin + rows * i + d * (G + 1), stride, weight + T * (G * i + g), out + d * (G * i + g));
}

static double work_of(const X(attention) *a, size_t P) { return 8.0 * (double)(P * a->context * columns_of(a) * a->particles); }

void X(attention_forward)(const X(attention) *a, size_t P, const real *u, real *weights, real *o) {
  size_t T = a->context, pieces = mdm_pieces(a->particles, HEADS);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(work_of(a, P)))
  for (size_t i = 0; i < pieces; i++)
    for (size_t t = 0; t < P; t++)
      forward_token(a, t / T * T, t % T, mdm_piece(a->particles, pieces, i), mdm_piece(a->particles, pieces, i + 1), u, weights, o);
}

/* One head and token: adds to γ of the keys and values that it saw, and to γ of its query. */
static void backward_head(const X(attention) *a, size_t t, size_t stride, const real *q, const real *key, const real *value, const real *weight,
                          const real *o, const real *b, real *gamma_q, real *gamma_k, real *gamma_v) {
  size_t d = a->width, n = seen(a, t);
  real mean = dot(d, b, o);
  for (size_t s = 0; s < n; s++) {
    real sigma = (real)a->scale * weight[s] * (dot(d, b, value + stride * s) - mean);
    axpy(d, sigma, key + stride * s, gamma_q);
    axpy(d, sigma, q, gamma_k + stride * s);
    axpy(d, weight[s], b, gamma_v + stride * s);
  }
}

static void backward_token(const X(attention) *a, size_t first, size_t t, size_t from, size_t to, const real *u, const real *weights, const real *o,
                           const real *b, real *gamma) {
  size_t G = a->queries, d = a->width, T = a->context, rows = rows_of(a), stride = rows * a->particles, columns = columns_of(a);
  const real *begin = u + stride * first, *weight = weights + T * G * a->particles * (first + t);
  real *to_begin = gamma + stride * first;
  size_t at = columns * a->particles * (first + t);
  for (size_t i = from; i < to; i++)
    for (size_t g = 0; g < G; g++) {
      size_t row = rows * i, query = stride * t + row + d * g, head = G * i + g;
      backward_head(a, t, stride, begin + query, begin + row + d * G, begin + row + d * (G + 1), weight + T * head, o + at + d * head, b + at + d * head,
                    to_begin + query, to_begin + row + d * G, to_begin + row + d * (G + 1));
    }
}

void X(attention_backward)(const X(attention) *a, size_t P, const real *u, const real *weights, const real *o, const real *b, real *gamma) {
  size_t T = a->context, rows = rows_of(a), pieces = mdm_pieces(a->particles, HEADS);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2 * work_of(a, P)))
  for (size_t i = 0; i < pieces; i++) {
    size_t from = mdm_piece(a->particles, pieces, i), to = mdm_piece(a->particles, pieces, i + 1);
    for (size_t t = 0; t < P; t++) memset(gamma + rows * (a->particles * t + from), 0, rows * (to - from) * sizeof *gamma);
    for (size_t t = 0; t < P; t++) backward_token(a, t / T * T, t % T, from, to, u, weights, o, b, gamma);
  }
}
