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

/* ---------------------------------------------------------------- normalized and turned queries and keys */

int X(attention_turns)(const X(attention) *a) { return a->rotary || a->normalized; }

/* Turns pairs of the queries and keys (rows of particles from … to − 1) of a token of position t, by the angles or (sign −1) back. */
static void turn(const X(attention) *a, size_t t, double sign, size_t from, size_t to, real *rows) {
  size_t d = a->width, heads = a->queries + 1;
  for (size_t j = 0; j + 1 < d && a->rotary; j += 2) {
    double angle = sign * (double)t * pow(10000, -(double)j / (double)d);
    real c = (real)cos(angle), s = (real)sin(angle);
    for (size_t i = from; i < to; i++)
      for (size_t g = 0; g < heads; g++) {
        real *pair = rows + rows_of(a) * i + d * g + j, x = pair[0];
        pair[0] = c * x - s * pair[1];
        pair[1] = s * x + c * pair[1];
      }
  }
}

static real inverse_size(const X(attention) *a, const real *x) { return 1 / (real)sqrt((double)dot(a->width, x, x) / (double)a->width + a->eps); }

/* Of one token: rows of u with normalized and turned queries and keys. */
static void prepare_token(const X(attention) *a, size_t t, size_t from, size_t to, const real *u, real *turned) {
  size_t d = a->width, rows = rows_of(a);
  memcpy(turned + rows * from, u + rows * from, rows * (to - from) * sizeof *u);
  for (size_t i = from; i < to && a->normalized; i++)
    for (size_t g = 0; g <= a->queries; g++) {
      real *x = turned + rows * i + d * g, scale = inverse_size(a, x);
      for (size_t j = 0; j < d; j++) x[j] *= scale;
    }
  turn(a, t, 1, from, to, turned);
}

/* The adjoint, in place: γ of what was turned becomes that of u; of n = x/s: (γ − n⟨nγ⟩)/s. */
static void restore_token(const X(attention) *a, size_t t, size_t from, size_t to, const real *u, real *gamma) {
  size_t d = a->width, rows = rows_of(a);
  turn(a, t, -1, from, to, gamma);
  for (size_t i = from; i < to && a->normalized; i++)
    for (size_t g = 0; g <= a->queries; g++) {
      const real *x = u + rows * i + d * g;
      real *to_x = gamma + rows * i + d * g, scale = inverse_size(a, x), mean = dot(d, x, to_x) * scale * scale / (real)d;
      for (size_t j = 0; j < d; j++) to_x[j] = scale * (to_x[j] - mean * x[j]);
    }
}

/* ---------------------------------------------------------------- long sequences of wide heads: by BLAS */

enum {
  SCORES = 16384, /* entries that are at work together: T × tokens */
  TOGETHER = 64,  /* tokens at a time, at most */
  WORTH = 2048    /* T d_k from which on a call of BLAS is worth it */
};

static int by_blas(const X(attention) *a) { return a->context * a->width >= WORTH && a->context <= SCORES; }
static size_t tokens_together(const X(attention) *a) { return SCORES / a->context < TOGETHER ? SCORES / a->context : TOGETHER; }

/* One head of one sequence: where its queries, keys, values and outputs (d_k × T, one column a token) begin, and its weights (T × T). */
typedef struct {
  size_t query, key, value, out, weight; /* in u (and γ), o (and b), weights */
  size_t ld, ld_out, ld_weight;
} head_place;

static head_place place_of(const X(attention) *a, size_t first, size_t particle, size_t g) {
  size_t G = a->queries, d = a->width, rows = rows_of(a), ld = rows * a->particles, at = ld * first + rows * particle, head = G * particle + g;
  return (head_place){at + d * g, at + d * G, at + d * (G + 1), d * (G * a->particles * first + head), a->context * (G * a->particles * first + head),
                      ld, d * G * a->particles, a->context * G * a->particles};
}

/* Tokens t … t + count − 1 of a head: weights from scores, and outputs. */
static void forward_tokens(const X(attention) *a, const head_place *p, size_t t, size_t count, const real *u, real *weights, real *o) {
  size_t d = a->width, T = a->context, most = seen(a, t + count - 1);
  real *w = weights + p->weight + p->ld_weight * t;
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, most, count, d, (real)a->scale, u + p->key, p->ld, u + p->query + p->ld * t, p->ld, 0, w, p->ld_weight);
  for (size_t i = 0; i < count; i++) {
    real *own = w + p->ld_weight * i, largest = -INFINITY, sum = 0;
    size_t n = seen(a, t + i);
    for (size_t s = 0; s < n; s++) largest = own[s] > largest ? own[s] : largest;
    for (size_t s = 0; s < n; s++) own[s] -= largest;
    VEC_EXP(n, own, own);
    for (size_t s = 0; s < n; s++) sum += own[s];
    for (size_t s = 0; s < n; s++) own[s] /= sum;
    memset(own + n, 0, (T - n) * sizeof *own);
  }
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, d, count, most, 1, u + p->value, p->ld, w, p->ld_weight, 0, o + p->out + p->ld_out * t, p->ld_out);
}

/* The same backward; γ of keys and values is added to. */
static void backward_tokens(const X(attention) *a, const head_place *p, size_t t, size_t count, const real *u, const real *weights, const real *o, const real *b,
                            real *gamma) {
  size_t d = a->width, most = seen(a, t + count - 1);
  const real *w = weights + p->weight + p->ld_weight * t, *bt = b + p->out + p->ld_out * t, *ot = o + p->out + p->ld_out * t;
  real sigma[SCORES]; /* most × count */
  BLAS(gemm)(CblasColMajor, CblasTrans, CblasNoTrans, most, count, d, 1, u + p->value, p->ld, bt, p->ld_out, 0, sigma, most);
  for (size_t i = 0; i < count; i++) {
    real mean = dot(d, bt + p->ld_out * i, ot + p->ld_out * i), scale = (real)a->scale;
    for (size_t s = 0; s < most; s++) sigma[s + most * i] = scale * w[s + p->ld_weight * i] * (sigma[s + most * i] - mean);
  }
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasNoTrans, d, count, most, 1, u + p->key, p->ld, sigma, most, 0, gamma + p->query + p->ld * t, p->ld);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, d, most, count, 1, u + p->query + p->ld * t, p->ld, sigma, most, 1, gamma + p->key, p->ld);
  BLAS(gemm)(CblasColMajor, CblasNoTrans, CblasTrans, d, most, count, 1, bt, p->ld_out, w, p->ld_weight, 1, gamma + p->value, p->ld);
}

/* ---------------------------------------------------------------- all particles */

static double work_of(const X(attention) *a, size_t P) { return 8.0 * (double)(P * a->context * columns_of(a) * a->particles); }

static void forward_piece(const X(attention) *a, size_t P, size_t from, size_t to, const real *u, real *weights, real *o) {
  size_t T = a->context, step = by_blas(a) ? tokens_together(a) : 1;
  for (size_t t = 0; t < P && !by_blas(a); t++) forward_token(a, t / T * T, t % T, from, to, u, weights, o);
  for (size_t first = 0; first < P && by_blas(a); first += T)
    for (size_t head = a->queries * from; head < a->queries * to; head++) {
      head_place p = place_of(a, first, head / a->queries, head % a->queries);
      for (size_t t = 0; t < T; t += step) forward_tokens(a, &p, t, T - t < step ? T - t : step, u, weights, o);
    }
}

void X(attention_forward)(const X(attention) *a, size_t P, const real *u, real *turned, real *weights, real *o) {
  size_t T = a->context, pieces = mdm_pieces(a->particles, HEADS), all = rows_of(a) * a->particles;
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(work_of(a, P)))
  for (size_t i = 0; i < pieces; i++) {
    size_t from = mdm_piece(a->particles, pieces, i), to = mdm_piece(a->particles, pieces, i + 1);
    for (size_t t = 0; t < P && X(attention_turns)(a); t++) prepare_token(a, t % T, from, to, u + all * t, turned + all * t);
    forward_piece(a, P, from, to, X(attention_turns)(a) ? turned : u, weights, o);
  }
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

static void backward_piece(const X(attention) *a, size_t P, size_t from, size_t to, const real *u, const real *weights, const real *o, const real *b, real *gamma) {
  size_t T = a->context, step = by_blas(a) ? tokens_together(a) : 1;
  for (size_t t = 0; t < P && !by_blas(a); t++) backward_token(a, t / T * T, t % T, from, to, u, weights, o, b, gamma);
  for (size_t first = 0; first < P && by_blas(a); first += T)
    for (size_t head = a->queries * from; head < a->queries * to; head++) {
      head_place p = place_of(a, first, head / a->queries, head % a->queries);
      for (size_t t = 0; t < T; t += step) backward_tokens(a, &p, t, T - t < step ? T - t : step, u, weights, o, b, gamma);
    }
}

void X(attention_backward)(const X(attention) *a, size_t P, const real *u, const real *turned, const real *weights, const real *o, const real *b,
                           real *gamma) {
  size_t T = a->context, rows = rows_of(a), all = rows * a->particles, pieces = mdm_pieces(a->particles, HEADS);
#pragma omp taskloop default(shared) num_tasks(MDM_TASKS) if (mdm_shares(2 * work_of(a, P)))
  for (size_t i = 0; i < pieces; i++) {
    size_t from = mdm_piece(a->particles, pieces, i), to = mdm_piece(a->particles, pieces, i + 1);
    for (size_t t = 0; t < P; t++) memset(gamma + rows * (a->particles * t + from), 0, rows * (to - from) * sizeof *gamma);
    backward_piece(a, P, from, to, X(attention_turns)(a) ? turned : u, weights, o, b, gamma);
    for (size_t t = 0; t < P && X(attention_turns)(a); t++) restore_token(a, t % T, from, to, u + all * t, gamma + all * t);
  }
}
